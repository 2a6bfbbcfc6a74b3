-- Stores a new run whole, with all its items, and marks its first batches as queued.
-- Harmless when repeated: a run that exists already is left as it is.
--   ARGV  5 batches in all   6 batches to queue now   7 index of the first batch among the arguments
--         8 form   9 number of fields   10.. field, value, …   then the packed ids of each batch
-- Returns 1 when stored, 0 when the run existed.
-- Batches before ARGV[7] were staged by the caller, under an expiry that is lifted here.
if redis.call('EXISTS', RUN) == 1 then
  return 0
end
local batch = tonumber(ARGV[7])
local fields = tonumber(ARGV[9])
redis.call('HSET', RUN, unpack(ARGV, 10, 9 + 2 * fields))
redis.call('HSET', RUN, 'next', 0, 'batches', ARGV[5])
redis.call('HSET', INPUT, 'form', ARGV[8])
for at = 10 + 2 * fields, #ARGV do
  redis.call('HSET', INPUT, batch, ARGV[at])
  batch = batch + 1
end
redis.call('PERSIST', INPUT)
redis.call('PERSIST', EXCEPT)
queue_more(tonumber(ARGV[6]), 0)
return 1
