-- Gives a batch to the worker that holds its job, under a token that fences off every earlier holder.
--   ARGV  5 batch   6 generation of the job   7 token
-- Returns nil when there is nothing to do (the run is gone, the batch has ended or is parked, the job is of an older
-- generation, a worker has the batch without a job), 'ended' when that ended the run, else
--   { interrupted starts so far, packed ids, log so far or false, form, run fields (as HGETALL) }
local lease = redis.call('HGET', LEASES, ARGV[5])
if not lease then
  return nil
end
local token, _, active, interruptions, state, generation = parse_lease(lease)
if generation ~= ARGV[6] or state == 'p' then
  return nil
end
if token ~= ARGV[7] then
  local run = redis.call('HMGET', RUN, 'state', 'closing', 'expiresAt', 'directUntil')
  if state == 'r' then
    -- Handed over without a job (accept-run.lua), and its holder has said lately that it has it.
    if run[4] and tonumber(run[4]) > clock() and token:sub(1, 7) == 'direct-' then
      return nil
    end
    -- The former holder never gave it back: it died, or lost its connection for too long.
    interruptions = interruptions + 1
    redis.call('HINCRBY', RUN, 'active', 0 - active)
    redis.call('HINCRBY', RUN, 'rev', 1)
    if run[2] then
      redis.call('HDEL', LEASES, ARGV[5])
      return finish_if_done() and 'ended' or nil
    end
    if run[1] == 'paused' or run[1] == 'halted' then
      redis.call('HINCRBY', RUN, 'queued', -1)
      redis.call('HSET', LEASES, ARGV[5], idle_lease('p', interruptions, generation))
      return nil
    end
  elseif state == 'd' then
    redis.call('HINCRBY', RUN, 'queued', 1)
  end
  if run[1] == 'waiting' then
    if run[3] and tonumber(run[3]) <= tonumber(NOW) then
      return close('expired') and 'ended' or nil
    end
    redis.call('HSET', RUN, 'state', 'running')
    redis.call('HSETNX', RUN, 'startedAt', NOW)
  end
  redis.call('HSET', LEASES, ARGV[5], ARGV[7] .. '|0|0|' .. interruptions .. '|r|' .. generation .. '|')
  redis.call('HINCRBY', RUN, 'rev', 1)
end
return {
  tonumber(interruptions),
  redis.call('HGET', INPUT, ARGV[5]),
  redis.call('HGET', LOG, ARGV[5]),
  redis.call('HGET', INPUT, 'form'),
  redis.call('HGETALL', RUN),
}
