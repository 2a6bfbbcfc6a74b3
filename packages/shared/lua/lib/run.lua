-- Put before each script that changes a run. Such a script gets the run's keys in this order, and as its first argument:
--   ARGV  1 channel of commands to workers
local RUN, DATA, LEASES, FAILED, REDO, EXCEPT, FAILURES = unpack(KEYS)
local COMMANDS = ARGV[1]

-- Redis's own time (epoch ms): the only clock that counts between processes.
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)

-- States of a run that has ended: only a retry leaves them.
local TERMINAL = { succeeded = true, completed_with_failures = true, failed = true, cancelled = true, expired = true }

-- Integers as text: Lua would write large ones as 1.7e+12.
local function int(value)
  return string.format('%.0f', value)
end

-- A stored number. What is no whole number of a usual size is read as 0: nothing may be reckoned, or looped over, with it.
local function whole(value)
  local number = tonumber(value)
  return number and number >= -2 ^ 53 and number <= 2 ^ 53 and number == math.floor(number) and number or 0
end

-- A lease says who owns a batch: "token|sequence|active|interruptions|state|generation|started|live". States: q queued,
-- r running, d delayed for a retry, p parked (no job, because the run is paused or halted). A job counts only if it is of
-- the lease's generation, which grows whenever batches are queued anew. started: 1 once a worker has held the batch.
local function parse_lease(lease)
  local token, sequence, active, interruptions, state, generation, started, live =
    lease:match('^([^|]*)|(%d+)|(%d+)|(%d+)|(%a)|(%d+)|(%d)|(.*)$')
  -- A damaged lease is read as one of a batch that nobody owns.
  return token or '', whole(sequence), whole(active), whole(interruptions), state or 'q', whole(generation),
    started or '1', live or ''
end

local function set_lease(batch, token, sequence, active, interruptions, state, generation, started, live)
  redis.call('HSET', LEASES, batch, table.concat({ token, sequence, active, interruptions, state, generation, started, live }, '|'))
end

local function set_idle_lease(batch, state, interruptions, generation, started)
  set_lease(batch, '', 0, 0, interruptions, state, generation, started, '')
end

local function numbers(...)
  local values = redis.call('HMGET', RUN, ...)
  for i = 1, select('#', ...) do
    values[i] = whole(values[i])
  end
  return values
end

-- How many items have no outcome yet.
local function open_items()
  local count = numbers('total', 'succeeded', 'failed', 'skipped', 'cancelled', 'expired')
  return count[1] - count[2] - count[3] - count[4] - count[5] - count[6], count
end

-- Ids and log lie in chunks of items, whatever the size of the batches. Returns the chunks of a batch, each as
-- { chunk, place of the batch's first item in it, place of its last one }.
local function chunks_of(batch)
  local run = numbers('batchSize', 'chunkSize', 'total')
  local size = math.max(1, run[2])
  local first = batch * run[1]
  local last = math.min(first + run[1], math.max(run[3], first + 1)) - 1
  local chunks = {}
  -- A batch has 10,000 items at most.
  for chunk = math.floor(first / size), math.min(math.floor(last / size), math.floor(first / size) + 10000) do
    chunks[#chunks + 1] = { int(chunk), math.max(0, first - chunk * size), math.min(size - 1, last - chunk * size) }
  end
  return chunks
end

-- Appends lines to a chunk's log. A part of it is rewritten at each append, so a new part begins when one has become large.
local MOST_PER_PART = 65536
local function append_log(chunk, lines)
  local part = whole(redis.call('HGET', DATA, 'p' .. chunk))
  local field = 'l' .. chunk .. (part > 0 and '.' .. part or '')
  local length = redis.call('HSTRLEN', DATA, field)
  if length > 0 and length + #lines > MOST_PER_PART then
    redis.call('HSET', DATA, 'p' .. chunk, part + 1, 'l' .. chunk .. '.' .. part + 1, lines)
  elseif length > 0 then
    redis.call('HSET', DATA, field, redis.call('HGET', DATA, field) .. lines)
  else
    redis.call('HSET', DATA, field, lines)
  end
end

-- A chunk's whole log, or false.
local function read_log(chunk)
  local log = redis.call('HGET', DATA, 'l' .. chunk)
  for part = 1, math.min(whole(redis.call('HGET', DATA, 'p' .. chunk)), 100000) do
    log = (log or '') .. (redis.call('HGET', DATA, 'l' .. chunk .. '.' .. part) or '')
  end
  return log
end

-- Notes in the log that items of a batch wait again: its failed ones, or those that are named, whatever their outcome.
--   named  places in the batch, as "first-last,first-last,…", or ''
local function reopen(batch, named, generation)
  local first_of_batch = batch * numbers('batchSize')[1]
  local size = math.max(1, numbers('chunkSize')[1])
  for _, chunk in ipairs(chunks_of(batch)) do
    local lines = {}
    if named == '' then
      lines[1] = '[[' .. int(chunk[2]) .. ',' .. int(chunk[3]) .. '],"o",' .. generation .. ']\n'
    end
    local offset = first_of_batch - chunk[1] * size
    for first, last in named:gmatch('(%d+)%-(%d+)') do
      local from, to = math.max(chunk[2], first + offset), math.min(chunk[3], last + offset)
      if from <= to then
        lines[#lines + 1] = '[[' .. int(from) .. ',' .. int(to) .. '],"n",' .. generation .. ']\n'
      end
    end
    if #lines > 0 then
      append_log(chunk[1], table.concat(lines))
    end
  end
end

-- The next batches to queue, at most `most`: those that a retry reopened, then those that were never queued.
local function queue_more(most, generation)
  local batches = {}
  if generation > 0 and most > 0 then
    local reopened = redis.call('HRANDFIELD', REDO, most, 'WITHVALUES')
    for at = 1, #reopened, 2 do
      reopen(reopened[at], reopened[at + 1], generation)
      redis.call('HDEL', REDO, reopened[at])
      batches[#batches + 1] = reopened[at]
    end
  end
  for _, batch in ipairs(batches) do
    set_idle_lease(batch, 'q', 0, generation, 1)
  end
  -- A batch that has grown since it was run has a log already.
  local run = numbers('next', 'batches', 'grown')
  local first = run[1]
  local last = math.min(run[2], first + most - #batches) - 1
  for batch = first, last do
    batches[#batches + 1] = int(batch)
    set_idle_lease(int(batch), 'q', 0, generation, batch + 1 == run[3] and 1 or 0)
  end
  if last >= first then
    redis.call('HSET', RUN, 'next', int(last + 1))
  end
  if #batches > 0 then
    redis.call('HINCRBY', RUN, 'queued', #batches)
  end
  return batches
end

-- { 'ok', generation, batches to queue… }
local function to_queue(batches, generation)
  local reply = { 'ok', int(generation) }
  for _, batch in ipairs(batches) do
    reply[#reply + 1] = batch
  end
  return reply
end

-- Counts failures by their fingerprint: "count|first|last|sample", with times in epoch ms. What finds no place any more is
-- counted under ''.
--   groups  { fingerprint, count, sample as JSON }, …
local MOST_GROUPS = 50
local function count_failures(groups)
  for _, group in ipairs(groups) do
    local name = group[1]
    if redis.call('HEXISTS', FAILURES, name) == 0 and redis.call('HLEN', FAILURES) >= MOST_GROUPS then
      name = ''
    end
    local count, first, sample = (redis.call('HGET', FAILURES, name) or ''):match('^(%d+)|(%d+)|%d+|(.*)$')
    redis.call('HSET', FAILURES, name, table.concat({
      int(whole(count) + group[2]), first or int(NOW), int(NOW), sample or (name == '' and '' or group[3])
    }, '|'))
  end
end

-- Ends the run: its state follows from its counts. What has no outcome gets the one that the run was closed with.
local function finish()
  local run = redis.call('HMGET', RUN, 'id', 'closing', 'listingFailed', 'cutOff', 'waiter')
  local left, count = open_items()
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
  redis.call('HSET', RUN, 'state', state, 'finishedAt', int(NOW))
  if left > 0 then
    redis.call('HSET', RUN, 'cancelled', int(count[5]), 'expired', int(count[6]), 'givenUp', int(left))
  end
  -- Most runs are kept for long: what only a run that goes on needs is not.
  redis.call('DEL', LEASES)
  redis.call('HDEL', RUN, 'listing', 'closing', 'active', 'waiter', 'queued', 'lister', 'pages', 'grown',
    'next', 'batches')
  if not run[3] then
    redis.call('HDEL', RUN, 'cursor')
  end
  redis.call('HINCRBY', RUN, 'rev', 1)
  if run[5] then
    -- Told to the gateway that waits, and to nobody else.
    redis.call('PUBLISH', run[5], cjson.encode(redis.call('HGETALL', RUN)))
  end
end

-- What a script returns when it has ended the run: 'ended', and what is told of it (src/runs/ended-run.ts reads this order).
local function ended_reply()
  return {
    'ended',
    unpack(redis.call('HMGET', RUN, 'id', 'state', 'action', 'identity', 'user', 'request', 'total', 'givenUp', 'succeeded',
      'failed', 'skipped', 'cancelled', 'expired', 'createdAt', 'startedAt', 'finishedAt', 'times')),
  }
end

-- Whether a worker holds a batch.
local function is_held()
  for _, lease in ipairs(redis.call('HVALS', LEASES)) do
    if select(5, parse_lease(lease)) == 'r' then
      return true
    end
  end
  return false
end

-- Whether nothing is left to do, and no worker has anything in hand; then the run is ended. A batch whose items all have
-- their outcomes may still be in hand, or wait for a worker after it was lost; of a run that is given up, reopened items may
-- not be given up yet (give_up_reopened).
local function finish_if_done()
  local run = redis.call('HMGET', RUN, 'closing', 'listing', 'state')
  if TERMINAL[run[3]] then
    return true
  end
  if not run[1] and (run[2] or open_items() > 0) or run[1] and redis.call('EXISTS', REDO) == 1 or is_held() then
    return false
  end
  finish()
  return true
end

-- Takes the jobs away from all batches that nobody is running. `state` 'p': they wait for the run to go on; '': for ever.
local function withdraw(state)
  local leases = redis.call('HGETALL', LEASES)
  for at = 1, #leases, 2 do
    local _, _, _, interruptions, before, generation, started = parse_lease(leases[at + 1])
    if before ~= 'r' then
      if before == 'q' then
        redis.call('HINCRBY', RUN, 'queued', -1)
      end
      if state == '' then
        redis.call('HDEL', LEASES, leases[at])
      else
        set_idle_lease(leases[at], state, interruptions, generation, started)
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

-- Of a run that is given up, reopened items of batches that were not queued yet are given up as well. There may be very many
-- of them: each call sees to some, and the run ends after the last.
local GIVEN_UP_AT_ONCE = 200
local function give_up_reopened(generation)
  local reopened = redis.call('HRANDFIELD', REDO, GIVEN_UP_AT_ONCE, 'WITHVALUES')
  for at = 1, #reopened, 2 do
    reopen(reopened[at], reopened[at + 1], generation)
    redis.call('HDEL', REDO, reopened[at])
  end
end

-- Gives the run up: nothing more is begun; what is left becomes `outcome` (cancelled or expired) once nobody runs anything.
local function close(outcome)
  local generation = numbers('generation')[1]
  give_up_reopened(generation)
  -- `closed` stays: readers take from it the outcome of items without one. Items that a retry reopened since the last time it was
  -- closed have another one than those that were given up then: all times are kept, as 'cancelled@0,cancelled@2'.
  local closed = redis.call('HGET', RUN, 'closed')
  redis.call('HSET', RUN, 'closing', outcome, 'closed', (closed and closed .. ',' or '') .. outcome .. '@' .. int(generation))
  -- Batches that were never queued never will be, not even by a retry of those that failed.
  redis.call('HSET', RUN, 'next', int(numbers('batches')[1]))
  if redis.call('HDEL', RUN, 'listing') == 1 then
    -- Not all records were listed: the run counts as cancelled even if all that were have an outcome.
    redis.call('HSET', RUN, 'cutOff', 1)
  end
  redis.call('HINCRBY', RUN, 'rev', 1)
  withdraw('')
  redis.call('PUBLISH', COMMANDS, 'cancel ' .. (redis.call('HGET', RUN, 'id') or ''))
  return finish_if_done()
end

-- A batch without an owner goes back: to the queue, to where it is parked, or nowhere if the run is given up.
-- Returns 'queued' or 'parked'; the caller sees to the run's end.
local function give_back(batch, interruptions, generation)
  local run = redis.call('HMGET', RUN, 'state', 'closing')
  if run[2] then
    redis.call('HDEL', LEASES, batch)
    return 'parked'
  end
  if run[1] == 'paused' or run[1] == 'halted' then
    redis.call('HINCRBY', RUN, 'queued', -1)
    set_idle_lease(batch, 'p', interruptions, generation, 1)
    return 'parked'
  end
  set_idle_lease(batch, 'q', interruptions, generation, 1)
  return 'queued'
end
