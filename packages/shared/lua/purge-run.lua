-- Removes an ended run with all its keys.
--   ARGV  2 epoch ms: runs that ended later are kept; or '' to remove it whenever it ended
-- Returns 1, or 0 when the run is still going on, or is to be kept.
local run = redis.call('HMGET', RUN, 'state', 'finishedAt')
if run[1] and (not TERMINAL[run[1]] or (ARGV[2] ~= '' and (tonumber(run[2]) or 0) > tonumber(ARGV[2]))) then
  return 0
end
redis.call('UNLINK', unpack(KEYS))
return 1
