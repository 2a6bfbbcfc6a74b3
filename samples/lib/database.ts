import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'libsql'
import { prepareSchema } from './schema.js'
import { sampleSettings } from './settings.js'

/** How long a statement waits for another process's write. libsql is synchronous: the event loop waits with it. */
const BUSY_TIMEOUT_MS = 5_000

let shared: Database.Database | undefined

/**
 * This process's connection to the sample database, opened by the first call.
 *
 * Known of libsql 0.5: binding a boolean ends the process, a single `null` must be bound as `[null]`, and what `get()`
 * returns carries a `_metadata` beside the columns.
 */
export function sampleDatabase(): Database.Database {
  shared ??= openDatabase(sampleSettings().databaseFile)
  return shared
}

/** Closes what {@link sampleDatabase} opened; its next call opens anew. */
export function closeSampleDatabase(): void {
  shared?.close()
  shared = undefined
}

/** Opens a sample database, and creates and fills it first if there is none. Any number of processes may do so at once. */
export function openDatabase(file: string): Database.Database {
  mkdirSync(dirname(file), { recursive: true })
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS })
  try {
    switchToWal(database)
    database.pragma('foreign_keys = ON')
    prepareSchema(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/**
 * WAL lets readers and a writer work side by side. Of two processes that switch a new file at the same moment, SQLite
 * refuses one at once, whatever its timeout; an empty transaction does wait, and then it is that process's turn.
 */
function switchToWal(database: Database.Database): void {
  const deadline = Date.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      database.pragma('journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw error
      database.exec('BEGIN IMMEDIATE; COMMIT')
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
}
