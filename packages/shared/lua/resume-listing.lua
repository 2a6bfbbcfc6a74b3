-- Lets the listing of an ended run go on from where it failed. The last chunk and the last batch may grow: the batch is queued
-- again with them, and its items that have an outcome keep it.
-- Returns nil when there is no such run; { 'ok', generation }, or { 'refused', state } when its listing did not fail.
local run = redis.call('HMGET', RUN, 'state', 'listingFailed', 'startedAt')
if not run[1] then
  return nil
end
if (run[1] ~= 'failed' and run[1] ~= 'completed_with_failures') or not run[2] then
  return { 'refused', run[1] }
end
-- What a retry wrote down that was never made.
redis.call('DEL', REDO)
local now = numbers('total', 'batchSize', 'chunkSize', 'failed')
local part = now[1] % now[3]
if part > 0 then
  redis.call('HSET', DATA, 'rest', redis.call('HGET', DATA, 'i' .. int(math.floor(now[1] / now[3]))))
  redis.call('HSET', RUN, 'restCounted', int(part))
end
local generation = redis.call('HINCRBY', RUN, 'generation', 1)
local batches = math.floor(now[1] / now[2])
redis.call('HSET', RUN, 'state', run[3] and 'running' or 'waiting', 'listing', 1, 'next', int(batches), 'batches', int(batches),
  'grown', int(batches + 1), 'queued', 0, 'haltFrom', int(now[4]))
redis.call('HDEL', RUN, 'finishedAt', 'listingFailed', 'expiresAt', 'givenUp')
redis.call('HINCRBY', RUN, 'rev', 1)
return { 'ok', int(generation) }
