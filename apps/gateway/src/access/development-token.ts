import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The token of a development installation: made once and kept in `dataDir/token`, readable by its owner alone. */
export async function developmentToken(dataDir: string): Promise<string> {
  const file = join(dataDir, 'token')
  await mkdir(dataDir, { recursive: true })
  try {
    // `wx` lets one of several gateways that start at once write it; the others read what that one wrote.
    await writeFile(file, `${randomBytes(24).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return (await readFile(file, 'utf8')).trim()
}
