-- Stores a new run whole, with all its items, and marks its first batches as queued. Harmless when repeated: a run that
-- exists already is left as it is.
--   ARGV  2 batches in all   3 batches to queue now   4 form   5 its encrypted values or ''   6 chunks that were staged
--         7 excluded ids that were staged   8 number of fields   9.. field, value, …   then the packed ids of each chunk that was not staged
-- Returns 0 when the run existed, 1 when it was stored, -1 when a part that was staged is missing: then nothing is stored.
if redis.call('EXISTS', RUN) == 1 then
  return 0
end
local staged, excluded = tonumber(ARGV[6]), tonumber(ARGV[7])
if redis.call('HLEN', DATA) ~= staged or redis.call('SCARD', EXCEPT) ~= excluded then
  redis.call('UNLINK', DATA, EXCEPT)
  return -1
end
local fields = { unpack(ARGV, 9, 8 + 2 * ARGV[8]) }
local data = { 'form', ARGV[4] }
for at = 9 + #fields, #ARGV do
  data[#data + 1] = 'i' .. int(staged + (#data - 2) / 2)
  data[#data + 1] = ARGV[at]
end
redis.call('HSET', DATA, unpack(data))
if ARGV[5] ~= '' then
  redis.call('HSET', DATA, 'sealed', ARGV[5])
end
redis.call('PERSIST', DATA)
redis.call('PERSIST', EXCEPT)
redis.call('HSET', RUN, 'batches', ARGV[2], unpack(fields))
queue_more(tonumber(ARGV[3]), 0)
return 1
