-- Records what happened to some items of a batch; with the batch's end it says which batches to queue next, and with the
-- last batch it ends the run and announces that.
--   ARGV  2 settlement, as JSON: batch, token, sequence (1, 2, … per token), active (items being called now), live (the
--           calls), began (when the first of its calls began, epoch ms, or 0), next ('' | 'end' | 'delay' | 'release'),
--           window (most batches of the run to stand in the queue), counts (succeeded, failed, skipped, cancelled),
--           failures (fingerprint, count and sample of each kind that is among them),
--           spent (what calls took and waited for, as src/runs/run-times.ts has it, or ''), lines (how many error lines follow)
--         3 the run's result, or ''   4 most error lines kept   5.. error lines   then chunk, its log lines, …
-- Returns { 'lost' } when another owner has the batch: then nothing was recorded; { 'ended', … } when this ended the run (ended_reply);
-- else { 'ok' | 'hold' | 'cancel' | 'parked', generation, batches to queue… }: hold and cancel are what the run wants of this
-- worker, parked says that the released batch has no job for now. A repeated sequence is answered { 'ok' } and recorded once.
local it = cjson.decode(ARGV[2])
local batch = int(it.batch)
local lease = redis.call('HGET', LEASES, batch)
if not lease then
  return { 'lost' }
end
local token, sequence, active, interruptions, state_of_lease, generation = parse_lease(lease)
if token ~= it.token or state_of_lease ~= 'r' then
  return { 'lost' }
end
if sequence >= it.sequence then
  return { 'ok', '0' }
end
for at = 5 + it.lines, #ARGV, 2 do
  append_log(ARGV[at], ARGV[at + 1])
end
for name, count in pairs(it.counts) do
  if count > 0 then
    redis.call('HINCRBY', RUN, name, count)
  end
end
if it.spent ~= '' then
  local sums = {}
  local before = (redis.call('HGET', RUN, 'times') or ''):gmatch('%d+')
  for more in it.spent:gmatch('%d+') do
    sums[#sums + 1] = int(whole(before()) + more)
  end
  redis.call('HSET', RUN, 'times', table.concat(sums, ' '))
end
local failures = it.counts.failed or 0
if failures > 0 then
  redis.call('HSET', FAILED, batch, '')
  count_failures(it.failures)
end
if it.active ~= active then
  redis.call('HINCRBY', RUN, 'active', it.active - active)
end
redis.call('HINCRBY', RUN, 'rev', 1)
if ARGV[3] ~= '' then
  redis.call('HSET', RUN, 'result', ARGV[3])
end
if it.lines > 0 then
  local kept = redis.call('HGET', RUN, 'errors') or ''
  local _, count = kept:gsub('\n', '')
  for at = 5, 4 + math.min(it.lines, tonumber(ARGV[4]) - count) do
    kept = kept .. ARGV[at] .. '\n'
  end
  redis.call('HSET', RUN, 'errors', kept)
end

local run = redis.call('HMGET', RUN, 'state', 'closing', 'haltAt', 'haltPercent', 'haltFrom', 'generation', 'queued')
if run[1] == 'waiting' and it.began > 0 then
  run[1] = 'running'
  redis.call('HSET', RUN, 'state', 'running')
end
if it.began > 0 then
  -- By the worker's idea of Redis's time: it may be a millisecond ahead.
  redis.call('HSETNX', RUN, 'startedAt', int(math.min(it.began, NOW)))
end
local held = run[1] == 'paused' or run[1] == 'halted'
local queued = tonumber(run[7]) or 0

if it.next == '' then
  set_lease(batch, token, int(it.sequence), int(it.active), interruptions, 'r', generation, 1, it.live)
elseif it.next == 'end' or run[2] then
  redis.call('HDEL', LEASES, batch)
  queued = redis.call('HINCRBY', RUN, 'queued', -1)
elseif it.next == 'delay' and not held then
  set_idle_lease(batch, 'd', 0, generation, 1)
  queued = redis.call('HINCRBY', RUN, 'queued', -1)
else
  give_back(batch, it.next == 'delay' and 0 or interruptions, generation)
end

if it.next ~= '' and finish_if_done() then
  return ended_reply()
end
if run[2] then
  return { 'cancel', '0' }
end
if held then
  return { it.next == '' and 'hold' or 'parked', '0' }
end
if failures > 0 and (run[3] or run[4]) then
  local left, count = open_items()
  local most = tonumber(run[3]) or math.max(1, math.ceil(count[1] * (tonumber(run[4]) or 100) / 100))
  if left > 0 and count[3] - (tonumber(run[5]) or 0) >= most then
    hold('halted')
    local mine = redis.call('HGET', LEASES, batch)
    return { mine and select(5, parse_lease(mine)) == 'p' and 'parked' or 'hold', '0' }
  end
end
local run_generation = tonumber(run[6]) or 0
if it.next == 'end' or it.next == 'delay' then
  -- Several at a time: the window is filled up when half of it is empty.
  local room = it.window - queued
  if 2 * room >= it.window then
    return to_queue(queue_more(room, run_generation), run_generation)
  end
end
return { 'ok', int(run_generation) }
