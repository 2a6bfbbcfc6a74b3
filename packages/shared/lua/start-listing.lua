-- Gives the listing of a run's records to the worker that has taken its job, under a token that fences off earlier ones.
--   ARGV  2 token   3 the collection of the queue
-- Returns nil when there is nothing to list, or the run is about another collection, else
--   { cursor or false, ids that fill no chunk yet, run fields (as HGETALL), pages listed so far,
--     how many of the ids that fill no chunk are items of the run already }
if redis.call('HEXISTS', RUN, 'listing') == 0 or redis.call('HGET', RUN, 'model') ~= ARGV[3] then
  return nil
end
redis.call('HSET', RUN, 'lister', ARGV[2])
return { redis.call('HGET', RUN, 'cursor'), redis.call('HGET', DATA, 'rest') or ',,', redis.call('HGETALL', RUN), numbers('pages')[1],
  numbers('restCounted')[1] }
