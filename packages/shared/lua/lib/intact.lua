-- Put after run.lua, before each script that reckons with a stored run. A counted field that holds no whole number would make
-- the script stop half-way, with a part of its writes done: then it is not begun, and an error is returned.
local COUNTED = { 'active', 'succeeded', 'failed', 'skipped', 'cancelled', 'expired', 'queued', 'rev', 'generation' }
local counted = redis.call('HMGET', RUN, unpack(COUNTED))
for i, name in ipairs(COUNTED) do
  if counted[i] and (not counted[i]:match('^%-?%d+$') or #counted[i] > 16) then
    return redis.error_reply('DAMAGED the field ' .. name .. ' of the run holds no whole number')
  end
end
