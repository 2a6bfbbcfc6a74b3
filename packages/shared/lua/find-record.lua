-- Finds the batches of a run that hold a record.
--   KEYS  1 input
--   ARGV  1 batches of the run   2.. the packed forms of the id (",5," and ',"5",')
-- Returns the numbers of the batches in which one of the forms occurs, as text.
local found = {}
for batch = 0, tonumber(ARGV[1]) - 1 do
  local ids = redis.call('HGET', KEYS[1], batch)
  for at = 2, #ARGV do
    if ids and ids:find(ARGV[at], 1, true) then
      found[#found + 1] = tostring(batch)
      break
    end
  end
end
return found
