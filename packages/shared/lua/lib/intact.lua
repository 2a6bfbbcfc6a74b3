-- Put after run.lua, before each script that reckons with a stored run. A key of another kind, or a counted field that holds no
-- whole number, would make the script stop half-way, with a part of its writes done, or end the run by counts that are none.
-- Then it is not begun, and an error is returned.
local KINDS = { 'hash', 'hash', 'hash', 'hash', 'hash', 'set', 'hash' }
for i, kind in ipairs(KINDS) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= kind and found ~= 'none' then
    return redis.error_reply('DAMAGED the key ' .. KEYS[i] .. ' of the run holds a ' .. found .. ', not a ' .. kind)
  end
end
-- Sizes first: what is divided by them must not be 0.
local SIZES = 2
local COUNTED = {
  'batchSize', 'chunkSize', 'total', 'batches', 'next', 'pages', 'active', 'succeeded', 'failed', 'skipped', 'cancelled',
  'expired', 'queued', 'rev', 'generation',
}
local counted = redis.call('HMGET', RUN, unpack(COUNTED))
for i, name in ipairs(COUNTED) do
  local pattern = i <= SIZES and '^[1-9]%d*$' or '^%-?%d+$'
  if counted[i] and (not counted[i]:match(pattern) or #counted[i] > 16) then
    return redis.error_reply('DAMAGED the field ' .. name .. ' of the run holds no whole number')
  end
end
