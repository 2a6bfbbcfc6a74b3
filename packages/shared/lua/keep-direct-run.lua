-- Says that a worker still has in hand the batch that was handed to it without a job.
--   ARGV  5 token   6 how long that counts (ms)
-- Returns 'kept', 'lost' when another worker has the batch by now, or 'ended'.
local lease = redis.call('HGET', LEASES, '0')
if not lease then
  return 'ended'
end
if parse_lease(lease) ~= ARGV[5] then
  return 'lost'
end
redis.call('HSET', RUN, 'directUntil', clock() + ARGV[6])
return 'kept'
