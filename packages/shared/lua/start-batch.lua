-- Gives a queued batch to the worker that has taken its job, under a token that fences off every earlier owner.
--   ARGV  2 batch   3 generation of the job   4 token   5 the queue's action
--         6 '1': the worker knows the run's fields and form already
-- Returns nil when there is nothing to do (the run is gone, the batch has ended, is parked, or has another owner, or the job is
-- of an older generation), 'foreign' when the run is one of another action, { 'ended', … } when that ended the run, else
--   { earlier owners that were lost, { packed ids of a chunk, its log so far or false, … }, form, run fields (as HGETALL),
--     encrypted values of the form or false }
local lease = redis.call('HGET', LEASES, ARGV[2])
if not lease then
  return nil
end
local token, _, _, interruptions, state, generation, started = parse_lease(lease)
if generation ~= tonumber(ARGV[3]) or state == 'p' or (state == 'r' and token ~= ARGV[4]) then
  return nil
end
if state ~= 'r' then
  local run = redis.call('HMGET', RUN, 'state', 'expiresAt', 'identity')
  if run[3] ~= ARGV[5] then
    return 'foreign'
  end
  if run[1] == 'waiting' and run[2] and tonumber(run[2]) <= NOW then
    return close('expired') and ended_reply() or nil
  end
  if state == 'd' then
    redis.call('HINCRBY', RUN, 'queued', 1)
  end
  set_lease(ARGV[2], ARGV[4], 0, 0, interruptions, 'r', generation, 1, '')
end
local data = {}
for _, chunk in ipairs(chunks_of(ARGV[2])) do
  data[#data + 1] = redis.call('HGET', DATA, 'i' .. chunk[1])
  data[#data + 1] = started == '1' and read_log(chunk[1])
end
local reply = { interruptions, data }
if ARGV[6] ~= '1' then
  reply[3] = redis.call('HGET', DATA, 'form')
  reply[4] = redis.call('HGETALL', RUN)
  reply[5] = redis.call('HGET', DATA, 'sealed')
end
return reply
