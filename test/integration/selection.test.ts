import { defineAction, defineCollection, records, type RecordId } from '@flexaction/shared'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { System } from '../harness/system.js'

const COLLECTION: RecordId[] = [1, 2, 3, '4', '5', 'a,b', 'ü', '|', '"', 0, -1]
let system: System
const called: RecordId[] = []

beforeAll(async () => {
  const touch = defineAction({
    name: 'touch',
    target: records('things', { batchSize: 3 }),
    run: ({ id }) => void called.push(id),
  })
  const things = defineCollection({
    name: 'things',
    list: ({ cursor = '0' }) => {
      const from = Number(cursor)
      const next = from + 4 < COLLECTION.length ? String(from + 4) : undefined
      return { records: COLLECTION.slice(from, from + 4).map((id) => ({ id, label: String(id) })), next }
    },
  })
  system = await System.start({ actions: [touch], collections: [things], shared: true })
})
afterAll(() => system.stop())

/** Ids as people send them: kinds mixed, repeated, of records that are not there. */
const someIds = fc.array(
  fc.oneof(
    fc.constantFrom(...COLLECTION),
    fc.constantFrom(...COLLECTION.map(String)),
    fc.constantFrom<RecordId>('nobody', 99),
  ),
  { maxLength: 8 },
)
const texts = (ids: readonly RecordId[]): string[] => [...new Set(ids.map(String))].sort()

it('P6: all except touches every other record and never an excluded one', async () => {
  await fc.assert(
    fc.asyncProperty(someIds, async (excluded) => {
      called.length = 0
      const run = await system.begin({ name: 'touch', ids: excluded, inverseIds: true })
      await system.runIn(['succeeded'], run)
      expect(texts(called)).toEqual(texts(COLLECTION).filter((id) => !texts(excluded).includes(id)))
      expect(called.length).toBe(texts(called).length)
    }),
    { numRuns: 40 },
  )
})

it('P6: a selection touches the records that it names and no others; an empty one is refused', async () => {
  await fc.assert(
    fc.asyncProperty(someIds, fc.constantFrom('list', 'text', 'inside the form'), async (ids, form) => {
      called.length = 0
      const sent = form === 'text' ? ids.filter((id) => !/[,]|^$/.test(String(id))).map(String) : ids
      const value = form === 'text' ? sent.join(',') : sent
      const answer = await system.send('execute_action', {
        name: 'touch',
        ...(form === 'inside the form' ? { params: { ids: value } } : { ids: value }),
      })
      if (sent.length === 0) expect(await answer.json()).toEqual({ ids: ['select at least one record'] })
      else expect(answer.status).toBe(201)
      expect(texts(called)).toEqual(texts(sent))
    }),
    { numRuns: 60 },
  )
})
