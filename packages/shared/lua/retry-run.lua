-- Reopens an ended run: for its failed items, or for those that were staged (stage-retry.lua).
--   ARGV  2 most batches of the run to stand in the queue   3 '' for all failed ones, else the token of what was staged
--         4 how many batches were staged   5, 6, 7 how many failed, cancelled and expired items are among them
--         8 what is no failure of that kind any more, as JSON: { fingerprint, count }, …
-- Returns nil when there is no such run; { 'ok', generation, batches to queue… }, or { 'refused', state } when the run has not
-- ended, nothing of it failed, or what was staged is not there any more.
local state = redis.call('HGET', RUN, 'state')
if not state then
  return nil
end
local staged = ARGV[3] ~= ''
if not TERMINAL[state] or (not staged and (numbers('failed')[1] == 0 or redis.call('EXISTS', FAILED) == 0)) then
  return { 'refused', state }
end
if staged then
  if redis.call('HGET', REDO, 'token') ~= ARGV[3] or redis.call('HLEN', REDO) ~= ARGV[4] + 1 then
    return { 'refused', state }
  end
  redis.call('HDEL', REDO, 'token')
  for i, outcome in ipairs({ 'failed', 'cancelled', 'expired' }) do
    redis.call('HINCRBY', RUN, outcome, int(0 - ARGV[4 + i]))
  end
  for _, group in ipairs(cjson.decode(ARGV[8])) do
    local count, rest = (redis.call('HGET', FAILURES, group[1]) or ''):match('^(%d+)(|.*)$')
    if whole(count) > group[2] then
      redis.call('HSET', FAILURES, group[1], int(count - group[2]) .. rest)
    else
      redis.call('HDEL', FAILURES, group[1])
    end
  end
else
  redis.call('RENAME', FAILED, REDO)
  redis.call('DEL', FAILURES)
  redis.call('HSET', RUN, 'failed', 0)
end
local generation = redis.call('HINCRBY', RUN, 'generation', 1)
-- Items fail without a call when their form is refused: the run may not have started.
local started = redis.call('HEXISTS', RUN, 'startedAt') == 1
local failed = numbers('failed')[1]
redis.call('HSET', RUN, 'state', started and 'running' or 'waiting', 'queued', 0, 'haltFrom', int(failed))
-- The time to start by was meant for the first time: who retries the run wants it to be done now.
redis.call('HDEL', RUN, 'finishedAt', 'result', 'expiresAt', 'givenUp')
if failed == 0 then
  redis.call('HDEL', RUN, 'errors')
end
redis.call('HINCRBY', RUN, 'rev', 1)
return to_queue(queue_more(tonumber(ARGV[2]), generation), generation)
