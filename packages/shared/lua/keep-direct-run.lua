-- Says that a worker still has in hand the batch that was handed to it without a job.
--   ARGV  5 token   6 how long that counts (ms)
-- Returns 1, or 0 when another worker has the batch by now, or it has ended.
local lease = redis.call('HGET', LEASES, '0')
if not lease or parse_lease(lease) ~= ARGV[5] then
  return 0
end
redis.call('HSET', RUN, 'directUntil', clock() + ARGV[6])
return 1
