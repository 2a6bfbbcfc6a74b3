import type { CollectionDefinition, ListedRecord } from '@flexaction/shared'
import { describe, expect, test } from 'vitest'
import accounts from '../../../samples/dist/collections/accounts.js'
import users from '../../../samples/dist/collections/users.js'
import { sampleDatabase } from '../../../samples/dist/lib/database.js'
import { useSampleFolder } from './sample-folder.js'

useSampleFolder()

describe('a collection', () => {
  test.each([1_000, 777, 5_000, 10_000])('visits each record exactly once in pages of %i', async (limit) => {
    const pages = await listAll(users, limit)
    const ids = pages.flat().map(({ id }) => id)
    expect(ids).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1))
    expect(pages).toHaveLength(Math.ceil(5_000 / limit))
    expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(limit)
  })

  test('keeps its place when records come and go between two pages', async () => {
    const first = await list(users, { limit: 10 })
    sampleDatabase().exec('DELETE FROM accounts; DELETE FROM users WHERE id IN (2, 11)')
    const second = await list(users, { limit: 3, cursor: first.next })
    expect(second.records.map(({ id }) => id)).toEqual([12, 13, 14])
  })

  test('finds users by name and by address', async () => {
    expect((await list(users, { search: 'BJORN.BROWN.1@' })).records).toEqual([
      { id: 1, label: 'Björn Brown <bjorn.brown.1@example.org>' },
    ])
    expect((await list(users, { search: 'García', limit: 5_000 })).records.length).toBeGreaterThan(400)
    expect(await list(users, { search: 'nobody at all' })).toEqual({ records: [] })
  })

  test('searches for what was typed, and not for a pattern', async () => {
    sampleDatabase().exec(`UPDATE users SET name = '100%_a\\b''c' WHERE id = 5`)
    for (const search of ['%', '_', '\\', "'", '100%_a\\b']) {
      expect((await list(users, { search })).records.map(({ id }) => id)).toEqual([5])
    }
  })

  test('lists accounts for the pickers', async () => {
    expect((await listAll(accounts, 7)).flat()).toHaveLength(60)
    expect((await list(accounts, { search: '1003' })).records).toEqual([{ id: 3, label: 'Account 1003 (EUR)' }])
  })
})

function list(
  collection: CollectionDefinition,
  request: { limit?: number; cursor?: string | undefined; search?: string },
) {
  const signal = new AbortController().signal
  return collection.options.list({ limit: 50, cursor: undefined, search: undefined, signal, ...request })
}

async function listAll(collection: CollectionDefinition, limit: number): Promise<ListedRecord[][]> {
  const pages: ListedRecord[][] = []
  let cursor: string | undefined
  do {
    const page = await list(collection, { limit, cursor })
    pages.push(page.records as ListedRecord[])
    cursor = page.next
  } while (cursor !== undefined)
  return pages
}
