-- Replaces what a group has published, unless another group with live workers describes one of its actions differently.
--   KEYS  1 catalog   2 live workers: "group|id" by time   3 version: grows with each change
--   ARGV  1 group   2 how long a heartbeat counts (ms)   3 channel   4.. identity, description, …
-- Returns identity, group, … of the conflicts; empty when published. A group without live workers gives its claim up.
-- An entry of the catalog is a JSON array: identity, description, …
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local alive = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], now - ARGV[2], '+inf')) do
  alive[member:match('^[^|]*')] = true
end

local mine, entry = {}, {}
for at = 4, #ARGV, 2 do
  mine[ARGV[at]] = ARGV[at + 1]
  entry[#entry + 1] = ARGV[at]
  entry[#entry + 1] = ARGV[at + 1]
end

local conflicts, given_up = {}, {}
local published = redis.call('HGETALL', KEYS[1])
for at = 1, #published, 2 do
  local group, theirs = published[at], cjson.decode(published[at + 1])
  if group ~= ARGV[1] then
    local kept = {}
    for i = 1, #theirs, 2 do
      local other = mine[theirs[i]]
      if other and other ~= theirs[i + 1] and alive[group] then
        conflicts[#conflicts + 1] = theirs[i]
        conflicts[#conflicts + 1] = group
      end
      if not other or other == theirs[i + 1] then
        kept[#kept + 1] = theirs[i]
        kept[#kept + 1] = theirs[i + 1]
      end
    end
    if #kept < #theirs then
      given_up[group] = kept
    end
  end
end
if #conflicts > 0 then
  return conflicts
end

for group, kept in pairs(given_up) do
  if #kept == 0 then
    redis.call('HDEL', KEYS[1], group)
  else
    redis.call('HSET', KEYS[1], group, cjson.encode(kept))
  end
end
-- A group that publishes nothing is kept as well: its workers see by it that Redis still knows them.
redis.call('HSET', KEYS[1], ARGV[1], #entry == 0 and '[]' or cjson.encode(entry))
-- By the clock rather than by one: a Redis that was emptied must not come back to a version that gateways know.
redis.call('SET', KEYS[3], string.format('%.0f', time[1] * 1000000 + time[2]))
redis.call('PUBLISH', ARGV[3], ARGV[1])
return {}
