-- Stores a new run whole, with all its items, and marks its first batches as queued; or hands its one batch to a worker.
-- Harmless when repeated: a run that exists already is left as it is.
--   ARGV  5 batches in all   6 batches to queue now   7 index of the first batch among the arguments
--         8 form   9 channel of the worker that is to have the run at once, or ''   10 the token it gets
--        11 how long it counts as handed over when nothing is heard of it (ms)
--        12 number of fields   13.. field, value, …   then the packed ids of each batch
-- Returns 0 when the run existed, 1 when it was stored and its batches are to be queued, 2 when it was stored and handed over.
-- Batches before ARGV[7] were staged by the caller, under an expiry that is lifted here.
if redis.call('EXISTS', RUN) == 1 then
  return 0
end
local staged = tonumber(ARGV[7])
local fields = { unpack(ARGV, 13, 12 + 2 * ARGV[12]) }
local input = { 'form', ARGV[8] }
for at = 13 + #fields, #ARGV do
  input[#input + 1] = tostring(staged + (#input - 2) / 2)
  input[#input + 1] = ARGV[at]
end
redis.call('HSET', INPUT, unpack(input))
if staged > 0 then
  redis.call('PERSIST', INPUT)
end
if ARGV[5] == '0' then
  redis.call('PERSIST', EXCEPT)
end
if ARGV[9] ~= '' and redis.call('PUBSUB', 'NUMSUB', ARGV[9])[2] > 0 then
  -- The later ones of fields that are named twice count.
  for _, one in ipairs({ 'batches', 1, 'next', 1, 'queued', 1, 'state', 'running', 'startedAt', NOW,
    'directUntil', clock() + ARGV[11] }) do
    fields[#fields + 1] = tostring(one)
  end
  redis.call('HSET', RUN, unpack(fields))
  redis.call('HSET', LEASES, '0', ARGV[10] .. '|0|0|0|r|0|')
  redis.call('PUBLISH', ARGV[9], cjson.encode({ ARGV[10], ARGV[#ARGV], ARGV[8], fields }))
  return 2
end
redis.call('HSET', RUN, 'next', 0, 'batches', ARGV[5], unpack(fields))
queue_more(tonumber(ARGV[6]), 0)
return 1
