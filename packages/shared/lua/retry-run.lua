-- Reopens an ended run for its failed items alone.
--   ARGV  2 most batches of the run to stand in the queue
-- Returns nil when there is no such run; { 'ok', generation, batches to queue… }, or { 'refused', state } when the run has not
-- ended or nothing of it failed.
local state = redis.call('HGET', RUN, 'state')
if not state then
  return nil
end
if not TERMINAL[state] or redis.call('EXISTS', FAILED) == 0 then
  return { 'refused', state }
end
local generation = redis.call('HINCRBY', RUN, 'generation', 1)
redis.call('RENAME', FAILED, REDO)
-- Items fail without a call when their form is refused: the run may not have started.
local started = redis.call('HEXISTS', RUN, 'startedAt') == 1
redis.call('HSET', RUN, 'state', started and 'running' or 'waiting', 'failed', 0, 'queued', 0)
-- The time to start by was meant for the first time: who retries the run wants it to be done now.
redis.call('HDEL', RUN, 'finishedAt', 'errors', 'haltFrom', 'result', 'expiresAt', 'givenUp')
redis.call('HINCRBY', RUN, 'rev', 1)
return to_queue(queue_more(tonumber(ARGV[2]), generation), generation)
