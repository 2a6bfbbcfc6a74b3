-- Begins nothing more of a run until it is resumed; calls that are going on end in peace.
-- Returns nil when there is no such run; { 'ok' }, or { 'refused', state }. Harmless when repeated.
local run = redis.call('HMGET', RUN, 'state', 'closing')
if not run[1] then
  return nil
end
if TERMINAL[run[1]] or run[2] or run[1] == 'halted' then
  return { 'refused', run[2] or run[1] }
end
if run[1] ~= 'paused' then
  hold('paused')
end
return { 'ok' }
