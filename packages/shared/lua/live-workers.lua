-- Lists the workers that live.
--   KEYS  1 workers
--   ARGV  1 how long a heartbeat counts (ms)
-- Returns the JSON of each.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local live = {}
for _, entry in ipairs(redis.call('HVALS', KEYS[1])) do
  local seen, about = entry:match('^(%d+)|[^|]*|(.*)$')
  if now - tonumber(seen) <= tonumber(ARGV[1]) then
    live[#live + 1] = about
  end
end
return live
