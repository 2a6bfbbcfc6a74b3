-- Removes an ended run with all its keys.
-- Returns 1, or 0 when the run is still going on (a retry has reopened it).
local state = redis.call('HGET', RUN, 'state')
if state and not TERMINAL[state] then
  return 0
end
redis.call('UNLINK', unpack(KEYS))
return 1
