-- Says that a call that was given its turn has begun: from now on it counts towards the rate for exactly its time.
--   KEYS  1 starts   ARGV  1 token   2 time that the rate is meant for (ms)
local time = redis.call('TIME')
return redis.call('ZADD', KEYS[1], time[1] * 1000 + time[2] / 1000 + ARGV[2], ARGV[1])
