-- Writes a part of what a large run names, before the run itself: it expires unless the run is accepted.
--   ARGV  5 how long it waits for its run (s)   6 'ids' or 'except'   7.. batch, packed ids, …; or excluded ids
-- Returns 1, or 0 when the run exists already: then nothing is written.
if redis.call('EXISTS', RUN) == 1 then
  return 0
end
local key = INPUT
if ARGV[6] == 'ids' then
  redis.call('HSET', key, unpack(ARGV, 7))
else
  key = EXCEPT
  redis.call('SADD', key, unpack(ARGV, 7))
end
redis.call('EXPIRE', key, ARGV[5])
return 1
