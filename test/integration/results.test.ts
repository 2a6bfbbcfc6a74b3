import { ActionError, defineAction, type RecordId, records, result } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'
import { withResolvers } from '../harness/with-resolvers.js'

/** Calls an action on one record; returns status and body. */
async function run(system: System, name: string): Promise<[number, unknown]> {
  const answer = await system.send('execute_action', { name, id: 1 })
  return [answer.status, await answer.json()]
}

const on = records('users')

it('takes messages, redirects and refreshes as results', async () => {
  await using system = await System.start({
    actions: [
      defineAction({ name: 'say', target: on, run: () => result.message('All done') }),
      defineAction({ name: 'go', target: on, run: () => result.redirect('https://example.com/5') }),
      defineAction({ name: 'astray', target: on, run: () => result.redirect('javascript:alert(1)') }),
      defineAction({ name: 'again', target: on, run: () => result.refresh(['users', 'orders']) }),
    ],
  })

  expect(await run(system, 'say')).toEqual([201, { type: 'message', message: 'All done' }])
  expect(await run(system, 'go')).toEqual([201, { type: 'redirect', url: 'https://example.com/5' }])
  expect(await run(system, 'again')).toEqual([201, { type: 'refresh', models: ['users', 'orders'] }])
  expect((await run(system, 'astray'))[0]).toBe(500)
})

it('keeps a result of each record, and of each id that a bulk handler settles', async () => {
  const kinds: Record<number, () => unknown> = {
    1: () => result.message('one'),
    2: () => result.file({ name: 'two.txt', type: 'text/plain', content: 'two' }),
    3: () => result.redirect('/users/3'),
    4: () => result.refresh(['users']),
    5: () => ({ plain: [5] }),
    6: () => 'x'.repeat(300_000),
    7: () => ({ inside: result.file({ name: 'seven.txt', content: 'secret' }) }),
    8: () => result.file({ name: 'eight.bin', content: Buffer.alloc(2e6) }),
    9: () => result.file({ name: 'nine.txt', stream: broken() }),
  }
  async function* broken() {
    yield await Promise.resolve('some')
    throw new Error('the disk is full')
  }
  const make = (id: RecordId): unknown => kinds[Number(id)]?.()
  const bulk = records('users', { bulk: true })
  await using system = await System.start({
    actions: [
      defineAction({ name: 'each', target: on, run: ({ id }) => make(id) }),
      defineAction({
        name: 'all',
        target: bulk,
        run({ ids, ctx }) {
          for (const id of ids) if (id !== 10) ctx.succeed(id, make(id))
          // The files of others are stored all the same.
          if (ids.includes(10)) throw new ActionError('ten is too much')
        },
      }),
    ],
    env: { MAX_FILE_MB: '1' },
  })
  const failed = (id: number, message: string) => ({ id, state: 'failed', attempts: 1, message })
  const done = (id: number, made: unknown) => ({ id, state: 'succeeded', attempts: 1, result: made })
  const file = { contentType: 'text/plain', size: 3, url: expect.any(String), expiresAt: expect.any(String) } as object
  const expected = [
    done(1, { type: 'message', message: 'one' }),
    done(2, { type: 'file', name: 'two.txt', ...file }),
    done(3, { type: 'redirect', url: '/users/3' }),
    done(4, { type: 'refresh', models: ['users'] }),
    done(5, { plain: [5] }),
    failed(
      6,
      'the result is too large: 300002 characters of JSON, at most 256000 are kept; return result.file(…) instead',
    ),
    failed(7, "the file 'seven.txt' stands inside of another result: return it alone, or give it to ctx.succeed"),
    failed(8, "the file 'eight.bin' is larger than 1 MB (MAX_FILE_MB)"),
    failed(9, 'the disk is full'),
  ]

  for (const [name, ids] of [
    ['each', range(1, 9)],
    ['all', range(1, 9)],
    ['all', range(1, 10)],
  ] as const) {
    const id = await system.begin({ name, ids })
    await system.runIn(['completed_with_failures'], id)
    const items = (await system.items(id)).map((item) => ({ ...item, startedAt: undefined, finishedAt: undefined }))
    expect(items).toEqual([...expected, ...(ids.length > 9 ? [failed(10, 'ten is too much')] : [])])
    const stored = items[1]?.result as { url: string } | undefined
    expect(await (await fetch(`${system.url}${stored?.url}`)).text()).toBe('two')
  }
})

it('gives an id whose file takes too long the outcome of its call', async () => {
  const { promise: never } = withResolvers<string>()
  async function* endless() {
    yield await never
  }
  const slow = defineAction({
    name: 'slow',
    target: records('users', { bulk: true }),
    timeout: '200ms',
    run: ({ ctx }) => {
      ctx.succeed(1, result.file({ name: 'never.txt', stream: endless() }))
      ctx.succeed(1, 'a second word is ignored')
      ctx.succeed(2)
    },
  })
  await using system = await System.start({ actions: [slow] })

  const id = await system.begin({ name: 'slow', ids: [1, 2] })
  await system.runIn(['completed_with_failures'], id)

  expect(await system.items(id)).toMatchObject([
    { id: 1, state: 'failed', message: 'timed out after 200 ms' },
    { id: 2, state: 'succeeded' },
  ])
})

it('stores files, and gives them to whoever has their signed address, for a while', async () => {
  async function* parts() {
    yield 'a,b\n'
    yield await Promise.resolve(Buffer.alloc(600_000, 'x'))
  }
  await using system = await System.start({
    actions: [
      defineAction({
        name: 'export',
        target: on,
        run: () => result.file({ name: '帳簿.csv', type: 'text/csv', stream: parts() }),
      }),
    ],
    env: { FILE_RETENTION: '2s' },
  })

  const [status, body] = await run(system, 'export')
  const { url, ...file } = body as { url: string }
  expect([status, file]).toEqual([
    201,
    {
      type: 'file',
      name: '帳簿.csv',
      contentType: 'text/csv',
      size: 600_004,
      expiresAt: expect.any(String) as string,
    },
  ])
  const download = await fetch(system.url + url)
  expect([download.status, download.headers.get('content-type'), download.headers.get('content-disposition')]).toEqual([
    200,
    'text/csv',
    `attachment; filename="??.csv"; filename*=UTF-8''%E5%B8%B3%E7%B0%BF.csv`,
  ])
  expect(await download.text()).toBe(`a,b\n${'x'.repeat(600_000)}`)
  const statusOf = async (address: string): Promise<number> => {
    const answer = await fetch(system.url + address)
    await answer.arrayBuffer()
    return answer.status
  }
  expect(await statusOf(url.replace(/signature=(.)/, (_, first) => `signature=${first === 'A' ? 'B' : 'A'}`))).toBe(404)
  expect(await statusOf(url.replace(/expires=\d/, 'expires=9'))).toBe(404)
  // A download that is cut off by the end of the file's time breaks, rather than waits.
  await until('the file to be gone', async () => (await statusOf(url).catch(() => 0)) === 404)
})

it('refuses results that are too large, or no JSON, for good and with the reason', async () => {
  let calls = 0
  const circle: { self?: unknown } = {}
  circle.self = circle
  const retry = { attempts: 3 }
  await using system = await System.start({
    actions: [
      defineAction({ name: 'long', target: on, retry, run: () => (calls++, 'x'.repeat(300_000)) }),
      defineAction({ name: 'circle', target: on, retry, run: () => circle }),
      defineAction({
        name: 'heavy',
        target: on,
        retry,
        run: () => result.file({ name: 'a', content: Buffer.alloc(2e6) }),
      }),
    ],
    env: { MAX_FILE_MB: '1' },
  })

  expect(await run(system, 'long')).toEqual([
    400,
    {
      non_field_errors: [
        'the result is too large: 300002 characters of JSON, at most 256000 are kept; return result.file(…) instead',
      ],
    },
  ])
  expect(calls).toBe(1)
  expect(await run(system, 'circle')).toEqual([
    400,
    { non_field_errors: ['the result cannot be stored as JSON: it contains itself'] },
  ])
  expect(await run(system, 'heavy')).toEqual([
    400,
    { non_field_errors: ["the file 'a' is larger than 1 MB (MAX_FILE_MB)"] },
  ])
  expect((await system.keys()).filter((key) => key.includes(':file:'))).toEqual([])
})
