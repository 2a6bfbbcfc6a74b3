-- Adds a page of listed records to a run, together with the place where the next page starts.
--   ARGV  2 token   3 cursor of the next page   4 'more' | 'done' | 'failed'   5 packed ids that fill no chunk yet
--         6 number of items in the new chunks   7 most batches of the run to stand in the queue
--         8 why listing failed   9 number of this page (1, 2, …)   10.. packed ids of new chunks
-- Returns { 'lost' } when another worker lists, or nobody is to; { 'ended', … } when this ended the run; else
-- { 'ok', generation, batches to queue… }. A repeated page is answered { 'ok' } and added once.
if redis.call('HGET', RUN, 'lister') ~= ARGV[2] or redis.call('HEXISTS', RUN, 'listing') == 0 then
  return { 'lost' }
end
if numbers('pages')[1] >= tonumber(ARGV[9]) then
  return { 'ok', '0' }
end
local run = numbers('total', 'batchSize', 'chunkSize', 'restCounted')
local total = run[1]
if #ARGV >= 10 then
  -- After a listing was resumed, the first chunk begins with ids that were counted before.
  total = total - run[4]
  local chunk = math.floor(total / run[3])
  for at = 10, #ARGV do
    redis.call('HSET', DATA, 'i' .. int(chunk + at - 10), ARGV[at])
  end
  total = total + ARGV[6]
  redis.call('HDEL', RUN, 'restCounted')
end
redis.call('HSET', DATA, 'rest', ARGV[5])
-- The last batch may still grow while there are more pages.
local batches = ARGV[4] == 'more' and math.floor(total / run[2]) or math.ceil(total / run[2])
redis.call('HSET', RUN, 'total', int(total), 'batches', int(batches), 'cursor', ARGV[3], 'pages', ARGV[9])
redis.call('HINCRBY', RUN, 'rev', 1)
if ARGV[4] ~= 'more' then
  redis.call('HDEL', RUN, 'listing', 'lister', 'restCounted')
  redis.call('HDEL', DATA, 'rest')
  if ARGV[4] == 'failed' then
    redis.call('HSET', RUN, 'listingFailed', ARGV[8])
  end
  if finish_if_done() then
    return ended_reply()
  end
end
local state = redis.call('HGET', RUN, 'state')
local now = numbers('generation', 'queued')
if state == 'waiting' or state == 'running' then
  return to_queue(queue_more(tonumber(ARGV[7]) - now[2], now[1]), now[1])
end
return { 'ok', int(now[1]) }
