-- Says that a worker lives, and counts its group. Times are Redis's own, so that machines' clocks do not matter.
--   KEYS  1 workers
--   ARGV  1 worker id   2 group   3 JSON about the worker   4 how long a heartbeat counts (ms)
-- Returns the number of live workers of the group, this one included.
-- An entry reads "seen (epoch ms)|group|JSON". Entries ten times too old are dropped.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. '|' .. ARGV[2] .. '|' .. ARGV[3])
local live = 0
local entries = redis.call('HGETALL', KEYS[1])
for at = 1, #entries, 2 do
  local seen, group = entries[at + 1]:match('^(%d+)|([^|]*)|')
  local age = now - tonumber(seen)
  if age > 10 * tonumber(ARGV[4]) then
    redis.call('HDEL', KEYS[1], entries[at])
  elseif age <= tonumber(ARGV[4]) and group == ARGV[2] then
    live = live + 1
  end
end
return live
