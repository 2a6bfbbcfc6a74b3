import { choice, duration, integer, readSettings, text } from '@flexaction/shared/config'
import { expect, it } from 'vitest'

const settings = {
  PORT: integer({ description: 'a port', default: 8080, min: 0, max: 65_535 }),
  STALL_AFTER: duration({ description: 'a time', default: '20s', min: '1s', max: '10m' }),
  LOG_LEVEL: choice({ description: 'a level', default: 'info', of: ['debug', 'info', 'warn'] }),
  AUTH_TOKENS: text({
    description: 'secrets',
    secret: true,
    check: (given) => {
      if (given.includes(' ')) throw new RangeError('must hold no spaces')
    },
  }),
}

it('reads values, and defaults for what is absent or empty', () => {
  expect(readSettings(settings, { PORT: '9000', STALL_AFTER: '', AUTH_TOKENS: 'a:b:c' })).toEqual({
    PORT: 9000,
    STALL_AFTER: 20_000,
    LOG_LEVEL: 'info',
    AUTH_TOKENS: 'a:b:c',
  })
})

it('reports all problems at once, with what was received, but never a secret', () => {
  const env = { PORT: '8o80', STALL_AFTER: '20', LOG_LEVEL: 'inof', AUTH_TOKENS: 'the secret', AUTH_TOKEN: 'x' }
  expect(() => readSettings(settings, env)).toThrow(
    [
      'The configuration is not usable:',
      "  - PORT: '8o80' must be a whole number from 0 to 65535",
      "  - STALL_AFTER: '20' must be a time from 1s to 10m, such as 500ms, 30s, 5m, 2h or 7d",
      "  - LOG_LEVEL: 'inof' must be one of debug, info, warn (nearest: info)",
      '  - AUTH_TOKENS: its value must hold no spaces',
      '  - AUTH_TOKEN is no setting (did you mean AUTH_TOKENS?)',
    ].join('\n'),
  )
})

it('reads a secret from the file that NAME_FILE names', () => {
  const files: Record<string, string> = { '/run/secrets/tokens': 'a:b:c\n' }
  const readFile = (path: string): string => {
    const content = files[path]
    if (content === undefined) throw new Error('no such file')
    return content
  }
  expect(readSettings(settings, { AUTH_TOKENS_FILE: '/run/secrets/tokens' }, readFile).AUTH_TOKENS).toBe('a:b:c')
  expect(() => readSettings(settings, { AUTH_TOKENS_FILE: '/nowhere' }, readFile)).toThrow(
    "AUTH_TOKENS: its value cannot be read from '/nowhere': no such file",
  )
  expect(() => readSettings(settings, { AUTH_TOKENS: 'x', AUTH_TOKENS_FILE: '/run/secrets/tokens' }, readFile)).toThrow(
    'AUTH_TOKENS: its value is given twice: set AUTH_TOKENS or AUTH_TOKENS_FILE, not both',
  )
  expect(() => readSettings(settings, { PORT_FILE: '/nowhere' }, readFile)).not.toThrow()
})
