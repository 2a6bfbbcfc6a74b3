-- Says that a worker lives, and what has changed about it. Times are Redis's own, so that machines' clocks do not matter.
--   KEYS  1 live workers: "group|id" by time   2 about: id → JSON   3 load: id → text   4 catalog: group → what it published
--   ARGV  1 worker id   2 group   3 its load, or '' if it has not changed   4 how long a heartbeat counts (ms)
--         5 '1' to forget workers that were not heard of for very long
-- Returns { live workers, 1 if the text about this worker is missing, 1 if its group's catalog is missing }.
-- Workers whose heartbeat is ten times too old are forgotten, a few at a time.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local counts = tonumber(ARGV[4])
redis.call('ZADD', KEYS[1], now, ARGV[2] .. '|' .. ARGV[1])
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
end
local forgotten = ARGV[5] == '1' and redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - 10 * counts, 'LIMIT', 0, 10) or {}
for _, member in ipairs(forgotten) do
  local id = member:match('|(.*)$')
  redis.call('ZREM', KEYS[1], member)
  redis.call('HDEL', KEYS[2], id)
  redis.call('HDEL', KEYS[3], id)
end
return {
  redis.call('ZCOUNT', KEYS[1], now - counts, '+inf'),
  1 - redis.call('HEXISTS', KEYS[2], ARGV[1]),
  1 - redis.call('HEXISTS', KEYS[4], ARGV[2]),
}
