import { expect, it } from 'vitest'
import { formatLogLine } from '../../../deploy/local/log-lines.mjs'

const ESC = '\u001b'
const RIGHT_TO_LEFT = '\u202e'

it.each([
  ['a message', JSON.stringify({ level: 30, time: 0, msg: `a${ESC}[2Jb\nc` }), 'a\\u001b[2Jb\\u000ac'],
  ['a field', JSON.stringify({ level: 30, time: 0, msg: '', path: `/x${RIGHT_TO_LEFT}y` }), 'path=/x\\u202ey'],
  ['a line that is no record', `plain ${ESC}]0;title\u0007 \u009b31m`, 'plain \\u001b]0;title\\u0007 \\u009b31m'],
  [
    'an error',
    JSON.stringify({ level: 50, time: 0, msg: 'x', err: { stack: `Error: ${ESC}[0m\n    at y` } }),
    '\n    Error: \\u001b[0m\n        at y',
  ],
])('shows what a terminal would obey in %s as escapes', (_, line, shown) => {
  const text = formatLogLine('gateway', line)
  expect(text).toContain(shown)
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e]/u)
})
