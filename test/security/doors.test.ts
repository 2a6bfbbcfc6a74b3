import { defineAction, defineCollection, records } from '@flexaction/shared'
import { connect } from '@flexaction/shared/redis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listKeys, redisUrl } from '../harness/redis.js'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'
import { type Must, type SecurityCase, securityCases } from './cases.mjs'
import { type Answered, RawClient } from './send.js'

let system: System
let client: RawClient
let called = 0

beforeAll(async () => {
  const touch = defineAction({ name: 'touch', target: records('users'), run: () => void called++ })
  const users = defineCollection({ name: 'users', list: () => ({ records: [] }) })
  system = await System.start({ actions: [touch], collections: [users], shared: true, env: { MAX_REQUESTS: '0' } })
  client = new RawClient(system.gateway.port)
})

afterAll(async () => {
  client[Symbol.dispose]()
  await system.stop()
})

const cases = securityCases()

it('has hundreds of cases, and each of its own', () => {
  expect(cases.length).toBeGreaterThan(600)
  expect(new Set(cases.map(({ line }) => line)).size).toBe(cases.length)
})

it.each([...new Set(cases.map(({ group }) => group))])('%s', { timeout: 120_000 }, async (group) => {
  const before = await stored()
  const wrong: string[] = []
  const queue = cases.filter((one) => one.group === group)
  const work = async (): Promise<void> => {
    for (let one = queue.shift(); one; one = queue.shift()) {
      const answer = await client.send({ method: one.method, path: one.path, headers: headersOf(one) })
      if (!isAsItMustBe(one.must, one, answer)) wrong.push(`${one.line}, but answered ${answer.status}`)
    }
  }
  await Promise.all(Array.from({ length: 6 }, work))

  expect(wrong).toEqual([])
  expect(called).toBe(0)
  // The queues are as they were: nobody has added a job or removed one.
  await until('what is kept to be as before', async () => JSON.stringify(await stored()) === JSON.stringify(before))
})

function headersOf({ caller }: SecurityCase): Record<string, string> {
  return caller === 'nobody' ? {} : { authorization: `Token ${TOKENS[caller]}` }
}

function isAsItMustBe(must: Must, { caller, path }: SecurityCase, { status, body }: Answered): boolean {
  // Refused by the HTTP server itself.
  if (status === 400 && body === '' && must !== 'let in') return true
  if (must === 'let in') return ![401, 403, 405].includes(status) && status < 500
  if (must === 'nothing done') return [401, 403, 404, 405].includes(status) || (status === 400 && caller !== 'nobody')
  const refused = status === 401 || (status === 403 && /messages\/?(\?|$)/.test(path))
  return refused && /Not authenticated/.test(body || 'Not authenticated')
}

/** Keys of queues that hold jobs. An admin may pause and resume queues: that is noted in other ones. */
async function stored(): Promise<string[]> {
  const redis = connect(redisUrl(), { name: 'test', whenAway: 'wait' })
  try {
    const keys = await listKeys(redis, system.prefix)
    return keys.filter((key) => /:\{\d+\}:(?!wake:)/.test(key) && !/:(meta|events)$/.test(key)).sort()
  } finally {
    redis.disconnect()
  }
}
