-- Records what happened to some items of a batch; with the batch's end it says which batches to queue next, and with
-- the last batch it ends the run and announces that.
--   KEYS  1 run   2 leases   3 log   4 input
--   ARGV  1 batch   2 token   3 sequence (1, 2, … per token)   4 now (epoch ms)   5 log lines
--         6 succeeded   7 failed   8 skipped   9 cancelled      (how many items ended so)
--        10 active now in this batch   11 live details   12 '' | 'end' | 'delay' | 'release'
--        13 most batches of the run to stand in the queue   14 retention of ended runs (ms)
--        15 the run's result, or ''   16 channel   17 run id   18 most error lines kept   19.. error lines
-- Returns { 'ok', batches to queue… }, { 'ended', … } when this ended the run, or { 'lost' } when another holder has the
-- batch: then nothing was recorded. A repeated sequence is answered 'ok' and recorded once.
local lease = redis.call('HGET', KEYS[2], ARGV[1])
if not lease then
  return { 'lost' }
end
local token, sequence, active, interruptions = lease:match('^([^|]*)|(%d+)|(%d+)|(%d+)|')
if token ~= ARGV[2] then
  return { 'lost' }
end
if tonumber(sequence) >= tonumber(ARGV[3]) then
  return { 'ok' }
end
if ARGV[5] ~= '' then
  local log = redis.call('HGET', KEYS[3], ARGV[1])
  redis.call('HSET', KEYS[3], ARGV[1], log and (log .. ARGV[5]) or ARGV[5])
end
local names = { 'succeeded', 'failed', 'skipped', 'cancelled' }
for i = 1, 4 do
  if ARGV[5 + i] ~= '0' then
    redis.call('HINCRBY', KEYS[1], names[i], ARGV[5 + i])
  end
end
local change = tonumber(ARGV[10]) - tonumber(active)
if change ~= 0 then
  redis.call('HINCRBY', KEYS[1], 'active', change)
end
redis.call('HINCRBY', KEYS[1], 'rev', 1)
if ARGV[15] ~= '' then
  redis.call('HSET', KEYS[1], 'result', ARGV[15])
end
if #ARGV > 18 then
  local kept = redis.call('HGET', KEYS[1], 'errors') or ''
  local _, count = kept:gsub('\n', '')
  for at = 19, math.min(#ARGV, 18 + tonumber(ARGV[18]) - count) do
    kept = kept .. ARGV[at] .. '\n'
  end
  redis.call('HSET', KEYS[1], 'errors', kept)
end

if ARGV[12] == '' or ARGV[12] == 'release' then
  local state = 'r'
  if ARGV[12] == 'release' then
    state = 'q'
  end
  redis.call('HSET', KEYS[2], ARGV[1],
    token .. '|' .. ARGV[3] .. '|' .. ARGV[10] .. '|' .. interruptions .. '|' .. state .. '|' .. ARGV[11])
  return { 'ok' }
end

if ARGV[12] == 'delay' then
  redis.call('HSET', KEYS[2], ARGV[1], '|0|0|0|d|')
else
  redis.call('HDEL', KEYS[2], ARGV[1])
end
local queued = redis.call('HINCRBY', KEYS[1], 'queued', -1)
local run = redis.call('HMGET', KEYS[1], 'next', 'batches', 'total', 'succeeded', 'failed', 'skipped', 'cancelled', 'expired')
for i = 1, 8 do
  run[i] = tonumber(run[i]) or 0
end

if run[4] + run[5] + run[6] + run[7] + run[8] == run[3] then
  local state = 'succeeded'
  if run[7] > 0 then
    state = 'cancelled'
  elseif run[5] == run[3] then
    state = 'failed'
  elseif run[5] > 0 then
    state = 'completed_with_failures'
  end
  redis.call('HSET', KEYS[1], 'state', state, 'finishedAt', ARGV[4])
  for i = 1, 4 do
    redis.call('PEXPIRE', KEYS[i], ARGV[14])
  end
  redis.call('PUBLISH', ARGV[16], ARGV[17] .. ' ' .. cjson.encode(redis.call('HGETALL', KEYS[1])))
  return { 'ended' }
end

local reply = { 'ok' }
local queue = math.min(tonumber(ARGV[13]) - queued, run[2] - run[1])
for batch = run[1], run[1] + queue - 1 do
  redis.call('HSET', KEYS[2], batch, '|0|0|0|q|')
  reply[#reply + 1] = tostring(batch)
end
if queue > 0 then
  redis.call('HSET', KEYS[1], 'next', run[1] + queue, 'queued', queued + queue)
end
return reply
