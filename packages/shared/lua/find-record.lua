-- Finds the chunks of a run that hold a record, among some of its chunks: the caller bounds how many.
--   KEYS  1 data
--   ARGV  1 first chunk   2 last chunk   3.. the packed forms of the id (",5," and ',"5",')
-- Returns the numbers of the chunks in which one of the forms occurs, as text.
local found = {}
for chunk = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local ids = redis.call('HGET', KEYS[1], 'i' .. string.format('%.0f', chunk))
  for at = 3, #ARGV do
    if ids and ids:find(ARGV[at], 1, true) then
      found[#found + 1] = string.format('%.0f', chunk)
      break
    end
  end
end
return found
