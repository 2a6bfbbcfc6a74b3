-- Put before each script that changes a run. Such a script gets the run's keys in this order, and as its first arguments:
--   ARGV  1 now (epoch ms)   2 retention of ended runs (ms)   3 channel of endings   4 channel of commands to workers
local RUN, INPUT, LEASES, LOG, FAILED, REDO, EXCEPT = unpack(KEYS)
local NOW, RETENTION, ENDED, COMMANDS = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

-- A lease says who has a batch: "token|sequence|active|interruptions|state|generation|live". States: q queued, r running,
-- d delayed for a retry, p parked (it has no job, because the run is paused or halted). A job counts only if it is of the
-- lease's generation, which grows whenever batches are queued anew.
local function parse_lease(lease)
  return lease:match('^([^|]*)|(%d+)|(%d+)|(%d+)|(%a)|(%d+)|(.*)$')
end

local function idle_lease(state, interruptions, generation)
  return '|0|0|' .. interruptions .. '|' .. state .. '|' .. generation .. '|'
end

-- Redis's own time (epoch ms): what processes on several machines agree on.
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function numbers(...)
  local values = redis.call('HMGET', RUN, ...)
  for i = 1, select('#', ...) do
    values[i] = tonumber(values[i]) or 0
  end
  return values
end

-- Notes in a batch's log that its failed items wait again.
local function reopen(batch, generation)
  redis.call('HSET', LOG, batch, (redis.call('HGET', LOG, batch) or '') .. '[' .. generation .. ',"o"]\n')
end

-- The next batches to queue, at most `most`: those that a retry reopened, then those that were never queued.
local function queue_more(most, generation)
  local batches = {}
  if generation > 0 and most > 0 then
    batches = redis.call('SPOP', REDO, most)
    for _, batch in ipairs(batches) do
      reopen(batch, generation)
    end
  end
  local run = numbers('next', 'batches')
  local first = run[1]
  local last = math.min(run[2], first + most - #batches) - 1
  for batch = first, last do
    batches[#batches + 1] = tostring(batch)
  end
  for _, batch in ipairs(batches) do
    redis.call('HSET', LEASES, batch, idle_lease('q', 0, generation))
  end
  if last >= first then
    redis.call('HSET', RUN, 'next', last + 1)
  end
  if #batches > 0 then
    redis.call('HINCRBY', RUN, 'queued', #batches)
  end
  return batches
end

-- Ends the run: its state follows from its counts. What has no outcome gets the one that the run was closed with.
local function finish()
  local run = redis.call('HMGET', RUN, 'id', 'closing', 'listingFailed', 'cutOff', 'listing')
  local count = numbers('total', 'succeeded', 'failed', 'skipped', 'cancelled', 'expired')
  local left = count[1] - count[2] - count[3] - count[4] - count[5] - count[6]
  if run[2] == 'expired' then
    count[6] = count[6] + left
  elseif run[2] then
    count[5] = count[5] + left
  end
  local state = 'succeeded'
  if run[2] == 'expired' then
    state = 'expired'
  elseif count[5] > 0 or run[4] then
    state = 'cancelled'
  elseif count[3] == count[1] and (count[1] > 0 or run[3]) then
    state = 'failed'
  elseif count[3] > 0 or run[3] then
    state = 'completed_with_failures'
  end
  redis.call('HSET', RUN, 'state', state, 'finishedAt', NOW, 'active', 0, 'cancelled', count[5], 'expired', count[6])
  if run[2] or run[5] then
    redis.call('HDEL', RUN, 'listing', 'closing')
  end
  redis.call('HINCRBY', RUN, 'rev', 1)
  for i = 1, #KEYS do
    redis.call('PEXPIRE', KEYS[i], RETENTION)
  end
  redis.call('PUBLISH', ENDED, run[1] .. ' ' .. cjson.encode(redis.call('HGETALL', RUN)))
end

-- Whether nothing is left to do; then the run is ended.
local function finish_if_done()
  local run = redis.call('HMGET', RUN, 'closing', 'listing')
  if run[1] then
    if redis.call('HLEN', LEASES) > 0 then
      return false
    end
  else
    local count = numbers('total', 'succeeded', 'failed', 'skipped', 'cancelled', 'expired')
    if run[2] or count[2] + count[3] + count[4] + count[5] + count[6] < count[1] then
      return false
    end
  end
  finish()
  return true
end

-- Takes the jobs away from all batches that nobody is running. `state` 'p': they wait for the run to go on; '': for ever.
local function withdraw(state)
  local leases = redis.call('HGETALL', LEASES)
  for at = 1, #leases, 2 do
    local _, _, _, interruptions, before, generation = parse_lease(leases[at + 1])
    if before ~= 'r' then
      if before == 'q' then
        redis.call('HINCRBY', RUN, 'queued', -1)
      end
      if state == '' then
        redis.call('HDEL', LEASES, leases[at])
      else
        redis.call('HSET', LEASES, leases[at], idle_lease(state, interruptions, generation))
      end
    end
  end
end

-- Stops the run for a while. `state`: paused or halted.
local function hold(state)
  redis.call('HSET', RUN, 'state', state)
  redis.call('HINCRBY', RUN, 'rev', 1)
  withdraw('p')
  redis.call('PUBLISH', COMMANDS, 'hold ' .. redis.call('HGET', RUN, 'id'))
end

-- Gives the run up: nothing more is begun; what is left becomes `outcome` (cancelled or expired) once nobody runs anything.
local function close(outcome)
  local generation = numbers('generation')[1]
  -- Reopened items of batches that were not queued yet are given up as well.
  for _, batch in ipairs(redis.call('SMEMBERS', REDO)) do
    reopen(batch, generation)
  end
  redis.call('DEL', REDO)
  -- `closedAs` stays: it is what readers take as the outcome of items without one, up to this generation.
  redis.call('HSET', RUN, 'closing', outcome, 'closedAs', outcome, 'closedAt', generation)
  if redis.call('HDEL', RUN, 'listing') == 1 then
    -- Not all records were listed: the run counts as cancelled even if all that were have an outcome.
    redis.call('HSET', RUN, 'cutOff', 1)
  end
  redis.call('HINCRBY', RUN, 'rev', 1)
  withdraw('')
  redis.call('PUBLISH', COMMANDS, 'cancel ' .. redis.call('HGET', RUN, 'id'))
  return finish_if_done()
end

-- Whether the run has ended: only a retry leaves these states.
local TERMINAL = { succeeded = true, completed_with_failures = true, failed = true, cancelled = true, expired = true }
