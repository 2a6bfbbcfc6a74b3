-- Adds a page of listed records to a run, together with the place where the next page starts.
--   ARGV  5 token   6 cursor of the next page   7 'more' | 'done' | 'failed'   8 packed ids that fill no batch yet
--         9 number of items in the new batches   10 most batches of the run to stand in the queue
--        11 why listing failed   12 number of this page (1, 2, …)   13.. packed ids of new batches
-- Returns { 'lost' } when another worker lists, or nobody is to; { 'ended' } when this ended the run; else
-- { 'ok', generation, batches to queue… }. A repeated page is answered { 'ok' } and added once.
if redis.call('HGET', RUN, 'lister') ~= ARGV[5] or redis.call('HEXISTS', RUN, 'listing') == 0 then
  return { 'lost' }
end
if numbers('pages')[1] >= tonumber(ARGV[12]) then
  return { 'ok', '0' }
end
local batch = numbers('batches')[1]
for at = 13, #ARGV do
  redis.call('HSET', INPUT, batch, ARGV[at])
  batch = batch + 1
end
redis.call('HSET', INPUT, 'rest', ARGV[8])
redis.call('HSET', RUN, 'batches', batch, 'cursor', ARGV[6], 'pages', ARGV[12])
redis.call('HINCRBY', RUN, 'total', ARGV[9])
redis.call('HINCRBY', RUN, 'rev', 1)
if ARGV[7] ~= 'more' then
  redis.call('HDEL', RUN, 'listing', 'lister')
  redis.call('HDEL', INPUT, 'rest')
  if ARGV[7] == 'failed' then
    redis.call('HSET', RUN, 'listingFailed', ARGV[11])
  end
  if finish_if_done() then
    return { 'ended' }
  end
end
local run = redis.call('HMGET', RUN, 'state', 'generation')
local reply = { 'ok', run[2] or '0' }
if run[1] == 'waiting' or run[1] == 'running' then
  for _, found in ipairs(queue_more(tonumber(ARGV[10]) - numbers('queued')[1], tonumber(run[2]) or 0)) do
    reply[#reply + 1] = found
  end
end
return reply
