-- Takes a batch back from an owner that was lost: its process has died, or was away for too long.
--   ARGV  2 batch   3 the owner's token
-- Returns { 'queued' } (its job is to go back to the queue), { 'parked' } (it needs no job now), { 'ended', … } when that ended the run,
-- nil when the owner has given it up meanwhile.
local lease = redis.call('HGET', LEASES, ARGV[2])
if not lease then
  return nil
end
local token, _, active, interruptions, state, generation = parse_lease(lease)
if state ~= 'r' or token ~= ARGV[3] then
  return nil
end
if active > 0 then
  -- Lua's -0 is no integer to Redis.
  redis.call('HINCRBY', RUN, 'active', -active)
end
redis.call('HINCRBY', RUN, 'rev', 1)
local place = give_back(ARGV[2], interruptions + 1, generation)
return finish_if_done() and ended_reply() or { place }
