-- Says that the first handler call of a run that has to start in time is about to begin.
-- Returns 'begin', or 'expired' when its time is up: then the run is given up; 'hold' or 'cancel' when it is not to begin.
local run = redis.call('HMGET', RUN, 'state', 'closing', 'expiresAt')
if run[2] or not run[1] or TERMINAL[run[1]] then
  return 'cancel'
end
if run[1] == 'paused' or run[1] == 'halted' then
  return 'hold'
end
if run[1] == 'waiting' then
  if run[3] and tonumber(run[3]) <= NOW then
    close('expired')
    return 'expired'
  end
  redis.call('HSET', RUN, 'state', 'running')
  redis.call('HSETNX', RUN, 'startedAt', int(NOW))
  redis.call('HINCRBY', RUN, 'rev', 1)
end
return 'begin'
