-- Writes a part of what a large run names, before the run itself: it expires unless the run is accepted.
--   ARGV  2 how long it waits for its run (s)   3 'ids' or 'except'   4.. chunk, packed ids, …; or excluded ids
-- Returns 1, or 0 when the run exists already: then nothing is written.
if redis.call('EXISTS', RUN) == 1 then
  return 0
end
local key = DATA
if ARGV[3] == 'ids' then
  for at = 4, #ARGV, 2 do
    redis.call('HSET', DATA, 'i' .. ARGV[at], ARGV[at + 1])
  end
else
  key = EXCEPT
  redis.call('SADD', EXCEPT, unpack(ARGV, 4))
end
redis.call('EXPIRE', key, ARGV[2])
return 1
