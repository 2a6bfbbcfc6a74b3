-- Records what happened to some items of a batch; with the batch's end it says which batches to queue next, and with
-- the last batch it ends the run and announces that.
--   ARGV  5 batch   6 token   7 sequence (1, 2, … per token)   8 log lines
--         9 succeeded   10 failed   11 skipped   12 cancelled      (how many items ended so)
--        13 active now in this batch   14 live details   15 '' | 'end' | 'delay' | 'release'
--        16 most batches of the run to stand in the queue   17 the run's result, or ''
--        18 most error lines kept   19.. error lines
-- Returns { 'lost' } when another holder has the batch: then nothing was recorded; { 'ended' } when this ended the run;
-- else { 'ok' | 'hold' | 'cancel' | 'parked', generation, batches to queue… }: hold and cancel are what the run wants of this
-- worker, parked says that a released batch has no job for now. A repeated sequence is answered { 'ok' } and recorded once.
local lease = redis.call('HGET', LEASES, ARGV[5])
if not lease then
  return { 'lost' }
end
local token, sequence, active, interruptions, _, generation = parse_lease(lease)
if token ~= ARGV[6] then
  return { 'lost' }
end
if tonumber(sequence) >= tonumber(ARGV[7]) then
  return { 'ok', '0' }
end
if ARGV[8] ~= '' then
  local log = redis.call('HGET', LOG, ARGV[5])
  redis.call('HSET', LOG, ARGV[5], log and (log .. ARGV[8]) or ARGV[8])
end
local names = { 'succeeded', 'failed', 'skipped', 'cancelled' }
for i = 1, 4 do
  if ARGV[8 + i] ~= '0' then
    redis.call('HINCRBY', RUN, names[i], ARGV[8 + i])
  end
end
if ARGV[10] ~= '0' then
  redis.call('SADD', FAILED, ARGV[5])
end
if ARGV[13] ~= active then
  redis.call('HINCRBY', RUN, 'active', ARGV[13] - active)
end
redis.call('HINCRBY', RUN, 'rev', 1)
if ARGV[17] ~= '' then
  redis.call('HSET', RUN, 'result', ARGV[17])
end
if #ARGV > 18 then
  local kept = redis.call('HGET', RUN, 'errors') or ''
  local _, count = kept:gsub('\n', '')
  for at = 19, math.min(#ARGV, 18 + tonumber(ARGV[18]) - count) do
    kept = kept .. ARGV[at] .. '\n'
  end
  redis.call('HSET', RUN, 'errors', kept)
end

local run = redis.call('HMGET', RUN, 'state', 'closing', 'haltAt', 'haltPercent', 'haltFrom', 'generation', 'queued')
local state, queued = run[1], tonumber(run[7]) or 0
local held = state == 'paused' or state == 'halted'

if ARGV[15] == '' then
  redis.call('HSET', LEASES, ARGV[5],
    token .. '|' .. ARGV[7] .. '|' .. ARGV[13] .. '|' .. interruptions .. '|r|' .. generation .. '|' .. ARGV[14])
elseif ARGV[15] == 'end' or run[2] then
  redis.call('HDEL', LEASES, ARGV[5])
  queued = redis.call('HINCRBY', RUN, 'queued', -1)
elseif held then
  redis.call('HSET', LEASES, ARGV[5], idle_lease('p', interruptions, generation))
  queued = redis.call('HINCRBY', RUN, 'queued', -1)
elseif ARGV[15] == 'delay' then
  redis.call('HSET', LEASES, ARGV[5], idle_lease('d', 0, generation))
  queued = redis.call('HINCRBY', RUN, 'queued', -1)
else
  redis.call('HSET', LEASES, ARGV[5],
    token .. '|' .. ARGV[7] .. '|0|' .. interruptions .. '|q|' .. generation .. '|')
end

if ARGV[15] ~= '' and finish_if_done() then
  return { 'ended' }
end
if run[2] then
  return { 'cancel', '0' }
end
if held then
  return { ARGV[15] == '' and 'hold' or 'parked', '0' }
end
if ARGV[10] ~= '0' and (run[3] or run[4]) then
  local count = numbers('total', 'succeeded', 'failed', 'skipped', 'cancelled', 'expired')
  local most = tonumber(run[3]) or math.max(1, math.ceil(count[1] * run[4] / 100))
  local left = count[1] - count[2] - count[3] - count[4] - count[5] - count[6]
  if left > 0 and count[3] - (tonumber(run[5]) or 0) >= most then
    hold('halted')
    local mine = redis.call('HGET', LEASES, ARGV[5])
    return { mine and select(5, parse_lease(mine)) == 'p' and 'parked' or 'hold', '0' }
  end
end
local reply = { 'ok', run[6] or '0' }
if ARGV[15] == 'end' or ARGV[15] == 'delay' then
  -- Several at a time: the window is filled up when half of it is empty.
  local room = tonumber(ARGV[16]) - queued
  if 2 * room >= tonumber(ARGV[16]) then
    for _, batch in ipairs(queue_more(room, tonumber(run[6]) or 0)) do
      reply[#reply + 1] = batch
    end
  end
end
return reply
