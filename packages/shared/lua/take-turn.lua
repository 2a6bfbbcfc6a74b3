-- Gives one handler call of an action its turn, within the limits that hold over all workers. Times are Redis's own.
--   KEYS  1 holders: token → until when it counts   2 starts: token → until when it counts towards the rate
--         3 waiting: worker → since when            4 asked: worker → when it asked last
--   ARGV  1 worker   2 token, '' to take none   3 token to give back, or ''   4 most calls at once, 0 for any number
--         5 most starts, 0 for any number   6 … in this time (ms)   7 how long a turn counts without being renewed (ms)
--         8 channel
-- Returns { 1 } when granted, else { 0, after how many ms to ask again at the latest }.
-- Workers get their turns in the order in which they began to wait; one that asked no more for a second is passed over.
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local PATIENCE = 1000

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if ARGV[3] ~= '' then
  redis.call('ZREM', KEYS[1], ARGV[3])
end
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now - PATIENCE)) do
  redis.call('ZREM', KEYS[3], worker)
  redis.call('ZREM', KEYS[4], worker)
end

local granted, wait = false, PATIENCE / 4
if ARGV[2] ~= '' then
  redis.call('ZADD', KEYS[3], 'NX', now, ARGV[1])
  redis.call('ZADD', KEYS[4], now, ARGV[1])
  local before = redis.call('ZRANK', KEYS[3], ARGV[1])
  granted = ARGV[4] == '0' or redis.call('ZCARD', KEYS[1]) + before < tonumber(ARGV[4])
  if ARGV[5] ~= '0' then
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
    if redis.call('ZCARD', KEYS[2]) + before >= tonumber(ARGV[5]) then
      granted = false
      local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
      if first[2] then
        wait = math.min(wait, math.max(1, math.ceil(first[2] - now)))
      end
    end
  end
  if granted then
    if ARGV[4] ~= '0' then
      redis.call('ZADD', KEYS[1], now + ARGV[7], ARGV[2])
    end
    if ARGV[5] ~= '0' then
      -- Counted from here until the worker says when the call really began.
      redis.call('ZADD', KEYS[2], now + ARGV[6] + ARGV[7], ARGV[2])
    end
    redis.call('ZREM', KEYS[3], ARGV[1])
    redis.call('ZREM', KEYS[4], ARGV[1])
  end
end
local keep = math.ceil(math.max(ARGV[7], ARGV[6]) + ARGV[7] + PATIENCE)
for i = 1, 4 do
  redis.call('PEXPIRE', KEYS[i], keep)
end
if ARGV[3] ~= '' and redis.call('ZCARD', KEYS[3]) > 0 then
  redis.call('PUBLISH', ARGV[8], redis.call('ZRANGE', KEYS[3], 0, 0)[1])
end
if granted then
  return { 1 }
end
return { 0, wait }
