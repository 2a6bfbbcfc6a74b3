-- Stores a new run whole, with all its items, and marks its first batches as queued.
-- Harmless when repeated: a run that exists already is left as it is.
--   KEYS  1 run   2 input   3 leases
--   ARGV  1 batches in all   2 batches to queue now   3 index of the first batch among the arguments
--         4 form   5 number of fields   6.. field, value, …   then the packed ids of each batch
-- Returns 1 when stored, 0 when the run existed.
-- Batches before ARGV[3] were staged into KEYS[2] by the caller, with an expiry that is lifted here.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
local first = tonumber(ARGV[3])
local fields = tonumber(ARGV[5])
redis.call('HSET', KEYS[1], unpack(ARGV, 6, 5 + 2 * fields))
redis.call('HSET', KEYS[2], 'form', ARGV[4])
for at = 6 + 2 * fields, #ARGV do
  redis.call('HSET', KEYS[2], first, ARGV[at])
  first = first + 1
end
redis.call('PERSIST', KEYS[2])
local queue = tonumber(ARGV[2])
for batch = 0, queue - 1 do
  redis.call('HSET', KEYS[3], batch, '|0|0|0|q|')
end
redis.call('HSET', KEYS[1], 'next', queue, 'queued', queue, 'batches', ARGV[1])
return 1
