-- Gives the listing of a run's records to the worker that holds its job, under a token that fences off earlier holders.
--   ARGV  5 token
-- Returns nil when there is nothing to list, else
--   { cursor or false, ids that fill no batch yet, run fields (as HGETALL), pages listed so far }
if redis.call('HEXISTS', RUN, 'listing') == 0 then
  return nil
end
redis.call('HSET', RUN, 'lister', ARGV[5])
return { redis.call('HGET', RUN, 'cursor'), redis.call('HGET', INPUT, 'rest') or ',,', redis.call('HGETALL', RUN), numbers('pages')[1] }
