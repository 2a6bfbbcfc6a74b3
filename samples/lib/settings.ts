import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the sample actions keep and send things. Actions of your own need none of it. */
export interface SampleSettings {
  readonly databaseFile: string
  /** Absent: mails become files in `outboxDir`. */
  readonly smtpUrl: string | undefined
  readonly mailFrom: string
  readonly outboxDir: string
  readonly exportsDir: string
}

type Env = Readonly<Record<string, string | undefined>>

/** The settings of this process. The only place of the samples that reads `process.env`. */
export function sampleSettings(): SampleSettings {
  return readSampleSettings(process.env)
}

/** Reads DATA_DIR, DATABASE_URL, SMTP_URL and SMTP_FROM; throws one error that lists everything wrong with them. */
export function readSampleSettings(env: Env): SampleSettings {
  const problems: string[] = []
  const dataDir = resolve(env['DATA_DIR'] || '.data')
  const settings = {
    databaseFile: readDatabaseFile(env['DATABASE_URL'], problems) ?? join(dataDir, 'sample.db'),
    smtpUrl: readSmtpUrl(env['SMTP_URL'], problems),
    mailFrom: readMailFrom(env['SMTP_FROM'], problems),
    outboxDir: join(dataDir, 'outbox'),
    exportsDir: join(dataDir, 'exports'),
  }
  if (problems.length > 0) throw new Error(`The sample actions cannot start:\n${problems.join('\n')}`)
  return Object.freeze(settings)
}

function readDatabaseFile(url: string | undefined, problems: string[]): string | undefined {
  if (!url) return undefined
  const path = url.startsWith('file:') ? fileOf(url) : undefined
  if (path) return resolve(path)
  problems.push(`DATABASE_URL: received ${maskUrl(url)}, expected file:<path>, such as file:.data/sample.db`)
  return undefined
}

function fileOf(url: string): string | undefined {
  if (!url.startsWith('file://')) return url.slice('file:'.length)
  try {
    return fileURLToPath(url)
  } catch {
    return undefined
  }
}

function readSmtpUrl(url: string | undefined, problems: string[]): string | undefined {
  if (!url) return undefined
  if (/^smtps?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) return url
  problems.push(`SMTP_URL: received ${maskUrl(url)}, expected smtp://host:port or smtps://user:password@host:port`)
  return undefined
}

function readMailFrom(address: string | undefined, problems: string[]): string {
  if (address && !address.includes('@')) {
    problems.push(`SMTP_FROM: received ${address}, expected an address, such as Jane Doe <jane@example.com>`)
  }
  return address || 'FlexAction <no-reply@example.com>'
}

/** Works on text and not on a parsed URL, because what ends up here is often not a URL at all. */
function maskUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:(?:\/\/)?).*@/is, '$1***@').replace(/\?.*$/s, '?***')
}
