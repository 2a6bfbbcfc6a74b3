import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, vi } from 'vitest'
import { closeSampleDatabase } from '../../../samples/dist/lib/database.js'
import { closeSampleMailer } from '../../../samples/dist/lib/mail.js'

/** Gives each test of the file a DATA_DIR of its own, and so a database of its own. */
export function useSampleFolder(): { readonly path: string } {
  const folder = { path: '' }
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), 'flexaction-samples-'))
    vi.stubEnv('DATA_DIR', folder.path)
    vi.stubEnv('DATABASE_URL', '')
    vi.stubEnv('SMTP_URL', '')
    vi.stubEnv('SMTP_FROM', '')
  })
  afterEach(() => {
    closeSampleMailer()
    closeSampleDatabase()
    vi.unstubAllEnvs()
    rmSync(folder.path, { recursive: true })
  })
  return folder
}
