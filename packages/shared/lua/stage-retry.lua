-- Writes a part of what a retry of some items names, before the retry itself.
--   ARGV  2 token of the retry   3 '1' for its first part   4.. batch, places in it as "first-last,…", …
-- Returns 1, or 0 when the run has not ended, or another retry has begun to write: then nothing is written.
if not TERMINAL[redis.call('HGET', RUN, 'state') or ''] then
  return 0
end
if ARGV[3] == '1' then
  redis.call('DEL', REDO)
  redis.call('HSET', REDO, 'token', ARGV[2])
elseif redis.call('HGET', REDO, 'token') ~= ARGV[2] then
  return 0
end
redis.call('HSET', REDO, unpack(ARGV, 4))
return 1
