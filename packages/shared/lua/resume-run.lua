-- Lets a paused or halted run go on; its failure limit counts anew from here.
--   ARGV  2 most batches of the run to stand in the queue
-- Returns nil when there is no such run; { 'ok', generation, batches to queue… }, or { 'refused', state }.
local run = redis.call('HMGET', RUN, 'state', 'closing', 'startedAt')
if not run[1] then
  return nil
end
if (run[1] ~= 'paused' and run[1] ~= 'halted') or run[2] then
  return { 'refused', run[2] or run[1] }
end
local generation = redis.call('HINCRBY', RUN, 'generation', 1)
redis.call('HSET', RUN, 'state', run[3] and 'running' or 'waiting', 'haltFrom', int(numbers('failed')[1]))
redis.call('HINCRBY', RUN, 'rev', 1)
local batches = {}
local leases = redis.call('HGETALL', LEASES)
for at = 1, #leases, 2 do
  local _, _, _, interruptions, state, _, started = parse_lease(leases[at + 1])
  if state == 'p' then
    set_idle_lease(leases[at], 'q', interruptions, generation, started)
    redis.call('HINCRBY', RUN, 'queued', 1)
    batches[#batches + 1] = leases[at]
  end
end
for _, batch in ipairs(queue_more(tonumber(ARGV[2]) - numbers('queued')[1], generation)) do
  batches[#batches + 1] = batch
end
return to_queue(batches, generation)
