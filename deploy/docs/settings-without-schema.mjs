// Settings that have no schema: the launcher's and the samples'. What they mean is said here; their defaults and bounds are
// asked of the code that reads them, so that they cannot be told wrong.
import { readSettings } from '../local/settings.mjs'

/** @typedef {import('./generate.mjs').Row} Row */

/** @returns {Row[]} */
export function launcherSettings() {
  const bounds = /WORKERS is .*whole number from (\d+) to (\d+) \(default (\d+)\)/.exec(
    complaint(() => readSettings({ WORKERS: 'many' })),
  )
  if (!bounds) throw new Error('deploy/local/settings.mjs no longer says which numbers of WORKERS it allows')
  const [, least, most, usual = ''] = bounds
  return [
    {
      name: 'WORKERS',
      defaultText: usual,
      allowed: `${least} to ${most}`,
      description: 'Worker processes that `npm start` runs.',
    },
  ]
}

/** What docker-compose.yml asks for; whether it does is checked. @param {string} compose @returns {Row[]} */
export function composeSettings(compose) {
  const rows = [
    {
      name: 'REDIS_PASSWORD',
      defaultText: '',
      allowed: 'letters and digits',
      description: 'Password of the Redis that compose runs.',
    },
    {
      name: 'GATEWAY_ADDRESS',
      defaultText: '127.0.0.1',
      allowed: 'an address',
      description: 'Address of this machine at which compose publishes the gateway.',
    },
  ]
  const missing = rows.find(({ name }) => !compose.includes(`\${${name}:`))
  if (missing) throw new Error(`docker-compose.yml no longer reads ${missing.name}`)
  return rows
}

/**
 * DATA_DIR is among them only to say who else reads it: the gateway's schema describes it.
 *
 * @param {(env: Record<string, string>) => { mailFrom: string }} readSampleSettings
 * @returns {Row[]}
 */
export function sampleSettings(readSampleSettings) {
  const rows = [
    {
      name: 'DATABASE_URL',
      defaultText: '',
      allowed: 'file:<path>',
      description: 'The sample database, a SQLite file. Default: sample.db in DATA_DIR.',
    },
    {
      name: 'SMTP_URL',
      defaultText: '',
      allowed: 'smtp://host:port, smtps://user:password@host:port',
      description: 'Server that takes the mails of the samples. Without one, mails become files in DATA_DIR/outbox.',
    },
    {
      name: 'SMTP_FROM',
      defaultText: readSampleSettings({}).mailFrom,
      allowed: 'an address',
      description: 'Sender of those mails.',
    },
  ]
  const refused = complaint(() => readSampleSettings(Object.fromEntries(rows.map(({ name }) => [name, 'nonsense']))))
  const unread = rows.find(({ name }) => !refused.includes(`${name}:`))
  if (unread) throw new Error(`the samples no longer read ${unread.name}`)
  return [...rows, { name: 'DATA_DIR', defaultText: '', allowed: '', description: '' }]
}

/** What a reader of settings says against them. @param {() => unknown} read */
function complaint(read) {
  try {
    read()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return ''
}
