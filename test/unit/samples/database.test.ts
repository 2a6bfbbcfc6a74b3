import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { openDatabase, sampleDatabase } from '../../../samples/dist/lib/database.js'
import { runTogether, startProcess } from './processes.js'
import { useSampleFolder } from './sample-folder.js'

const folder = useSampleFolder()

describe('the sample database', () => {
  test('is prepared once by eight processes that open it at the same moment', { timeout: 30_000 }, async () => {
    expect(await runTogether('prepare', [1, 2, 3, 4, 5, 6, 7, 8])).toEqual(Array(8).fill(5_000))
    expect(count('users')).toBe(5_000)
    expect(count('accounts')).toBe(60)
  })

  test('waits for another process whose write forbids the switch to WAL', { timeout: 30_000 }, async () => {
    const child = await startProcess()
    const exited = once(child, 'exit')
    child.send({ job: 'writeSlowly' })
    await once(child, 'message')
    const name = sampleDatabase().prepare('SELECT name FROM users WHERE id = 1').get()
    expect(name).toMatchObject({ name: 'written' })
    await exited
  })

  test('is whole after its first process was killed while preparing it', { timeout: 30_000 }, async () => {
    const child = await startProcess()
    const exited = once(child, 'exit')
    child.send({ job: 'prepare' })
    await vi.waitUntil(() => existsSync(join(folder.path, 'sample.db-wal')), { interval: 1, timeout: 10_000 })
    child.kill('SIGKILL')
    await exited
    expect(count('users')).toBe(5_000)
    expect(count('accounts')).toBe(60)
  })

  test('keeps what people changed when it is opened again', () => {
    const file = join(folder.path, 'kept.db')
    const first = openDatabase(file)
    first.exec('DELETE FROM accounts; DELETE FROM users WHERE id > 7')
    first.close()
    const second = openDatabase(file)
    expect(second.prepare('SELECT count(*) AS n FROM users').get()).toMatchObject({ n: 7 })
    second.close()
  })

  test('holds the same people every time, at reserved domains, in all three states', () => {
    const one = sampleDatabase()
    const other = openDatabase(join(folder.path, 'other.db'))
    const people = 'SELECT id, name, email, status FROM users ORDER BY id'
    const rows = one.prepare(people).all() as { email: string; status: string }[]
    expect(other.prepare(people).all()).toEqual(rows)
    expect(rows.every(({ email }) => /^[a-z.]+\.\d+@example\.(com|org)$/.test(email))).toBe(true)
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['active', 'inactive', 'unknown']))
    other.close()
  })

  test("refuses a file that has other people's tables, and leaves it as it was", () => {
    const file = join(folder.path, 'theirs.db')
    const theirs = openDatabase(file)
    theirs.exec(
      'DROP TABLE transfers; DROP TABLE accounts; DROP TABLE mails; DELETE FROM users; PRAGMA user_version = 0',
    )
    expect(() => openDatabase(file)).toThrow('table users already exists')
    expect(theirs.prepare('SELECT count(*) AS n FROM users').get()).toMatchObject({ n: 0 })
    theirs.close()
  })
})

function count(table: 'users' | 'accounts'): number {
  const { n } = sampleDatabase().prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }
  return n
}
