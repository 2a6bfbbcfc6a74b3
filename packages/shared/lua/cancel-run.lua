-- Gives a run up: what nobody is running becomes cancelled at once, the rest when its workers have let go of it.
--   ARGV  2 outcome of what is left: 'cancelled', or 'expired', which spares runs that have started or are not due
-- Returns nil when there is no such run; { 'ended', … }, { 'closing' }, or { 'refused', state } when the run has ended before;
-- { 'more' } when it is to be called again, because more was reopened by a retry than it gives up at once.
local run = redis.call('HMGET', RUN, 'state', 'closing', 'expiresAt')
if not run[1] then
  return nil
end
if TERMINAL[run[1]] then
  return { 'refused', run[1] }
end
if ARGV[2] == 'expired' and (run[1] ~= 'waiting' or not run[3] or tonumber(run[3]) > NOW) then
  return { 'refused', run[1] }
end
local ended
if run[2] then
  give_up_reopened(numbers('generation')[1])
  ended = finish_if_done()
else
  ended = close(ARGV[2])
end
return ended and ended_reply() or { redis.call('EXISTS', REDO) == 1 and 'more' or 'closing' }
