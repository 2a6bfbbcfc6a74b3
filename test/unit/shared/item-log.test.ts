import { failureLine, foldLog, LogWriter, outcomeLine, packIds, retryLine, unpackIds } from '@flexaction/shared/runs'
import fc from 'fast-check'
import { expect, it } from 'vitest'

it('adds a batch log up to one history per item: the last line of an item counts', () => {
  const end = { chunk: 0, attempt: 1, started: 5, took: 7 }
  const log = [
    outcomeLine({ ...end, position: 0 }, 'succeeded', '{"a":1}'),
    retryLine({ ...end, position: 1 }, 'not yet', 9_000),
    outcomeLine({ ...end, position: 2 }, 'skipped', '', 'done before'),
    failureLine({ ...end, position: 3 }, 'no', false),
    retryLine({ ...end, position: 4 }, 'first', 9_000),
    failureLine({ ...end, position: 4, attempt: 2 }, 'second', true),
  ].join('')
  const ran = { attempts: 1, started: 5, took: 7 }
  expect(foldLog(log, 6)).toEqual([
    { state: 'succeeded', ...ran, result: { a: 1 } },
    { state: 'waiting', ...ran, message: 'not yet', unexpected: true, retryAt: 9_000 },
    { state: 'skipped', ...ran, message: 'done before' },
    { state: 'failed', ...ran, message: 'no' },
    { state: 'failed', ...ran, attempts: 2, message: 'second', unexpected: true },
    { state: 'waiting', attempts: 0 },
  ])
})

it('gives neighbours that succeeded alike one line, and says the same of each', () => {
  const end = { chunk: 0, attempt: 1, started: 5, took: 7 }
  const writer = new LogWriter()
  for (const position of [0, 1, 2]) writer.succeeded({ ...end, position })
  writer.add(0, failureLine({ ...end, position: 3 }, 'no', false))
  for (const position of [4, 6]) writer.succeeded({ ...end, position })
  writer.succeeded({ ...end, position: 7, took: 8 })
  writer.succeeded({ ...end, position: 8, chunk: 1, took: 8 })
  const lines = writer.take()
  expect([...lines.keys()]).toEqual([0, 1])
  expect(lines.get(1)).toBe('[8,"s",1,5,8]\n')
  const log = lines.get(0) ?? ''
  expect(log.split('\n')).toEqual([
    '[[0,2],"s",1,5,7]',
    '[3,"f",1,5,7,null,"no"]',
    '[4,"s",1,5,7]',
    '[6,"s",1,5,7]',
    '[7,"s",1,5,8]',
    '',
  ])
  expect(writer.take().size).toBe(0)
  const ran = { state: 'succeeded', attempts: 1, started: 5, took: 7 }
  const waiting = { state: 'waiting', attempts: 0 }
  expect(foldLog(log, 8)).toEqual([
    ran,
    ran,
    ran,
    { ...ran, state: 'failed', message: 'no' },
    ran,
    waiting,
    ran,
    { ...ran, took: 8 },
  ])
})

it('keeps any ids and any texts as they were', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ minLength: 1 }), fc.maxSafeInteger()), { minLength: 1 }),
      fc.string(),
      (ids, message) => {
        expect(unpackIds(packIds(ids))).toEqual(ids.map((id) => (Object.is(id, -0) ? 0 : id)))
        const line = failureLine({ chunk: 0, position: 0, attempt: 1, started: 0, took: 0 }, message, false)
        expect(foldLog(line, 1)[0]?.message).toBe(message)
      },
    ),
  )
})
