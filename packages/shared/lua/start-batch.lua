-- Gives a batch to the worker that holds its job, under a token that fences off every earlier holder.
--   KEYS  1 run   2 input   3 leases   4 log
--   ARGV  1 batch   2 token   3 now (epoch ms)
-- Returns nil when there is nothing to do (the run is gone, or the batch has ended), else
--   { interrupted starts so far, packed ids, log so far or false, form, run fields (as HGETALL) }
-- A lease reads "token|sequence|active|interruptions|state|live"; states: q queued, r running, d delayed for a retry.
local lease = redis.call('HGET', KEYS[3], ARGV[1])
if not lease then
  return nil
end
local token, _, active, interruptions, state, _ = lease:match('^([^|]*)|(%d+)|(%d+)|(%d+)|(%a)|(.*)$')
if token ~= ARGV[2] then
  if state == 'r' then
    -- The former holder never gave it back: it died, or lost its connection for too long.
    interruptions = interruptions + 1
    redis.call('HINCRBY', KEYS[1], 'active', -active)
  elseif state == 'd' then
    redis.call('HINCRBY', KEYS[1], 'queued', 1)
  end
  redis.call('HSET', KEYS[3], ARGV[1], ARGV[2] .. '|0|0|' .. interruptions .. '|r|')
  redis.call('HINCRBY', KEYS[1], 'rev', 1)
  if redis.call('HGET', KEYS[1], 'state') == 'waiting' then
    redis.call('HSET', KEYS[1], 'state', 'running', 'startedAt', ARGV[3])
  end
end
return {
  tonumber(interruptions),
  redis.call('HGET', KEYS[2], ARGV[1]),
  redis.call('HGET', KEYS[4], ARGV[1]),
  redis.call('HGET', KEYS[2], 'form'),
  redis.call('HGETALL', KEYS[1]),
}
