import { createLogger } from '@flexaction/shared/logging'
import { expect, it } from 'vitest'

const ESC = '\u001b'
const HOSTILE = `a${ESC}[2Jb\r\nc\u0007\u007f\u009b31m\u202etxt.exe\u2066\u061c\u2028end`

it.each<[what: string, log: (logger: ReturnType<typeof createLogger>) => void, read: (line: Line) => unknown]>([
  ['a message', (logger) => logger.info(HOSTILE), ({ msg }) => msg],
  ['a field', (logger) => logger.info({ path: HOSTILE }, 'request'), ({ path }) => path],
  [
    'the name of a field',
    (logger) => logger.info({ [HOSTILE]: 1 }, ''),
    (line) => Object.keys(line).find((key) => key === HOSTILE),
  ],
  [
    'what a child adds to each line',
    (logger) => logger.child({ path: HOSTILE }, { redact: [] }).warn('x'),
    ({ path }) => path,
  ],
  ['an error', (logger) => logger.error({ err: new Error(HOSTILE) }, 'x'), ({ err }) => err?.message],
])('escapes what a terminal would obey in %s, and keeps its meaning', (_, log, read) => {
  const lines: string[] = []
  log(createLogger('gateway', 'info', { write: (line) => void lines.push(line) }))
  expect(lines).toHaveLength(1)
  const [line = ''] = lines
  expect(line.endsWith('}\n')).toBe(true)
  expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u)
  expect(read(JSON.parse(line) as Line)).toBe(HOSTILE)
})

interface Line {
  msg?: string
  path?: string
  err?: { message: string }
}
