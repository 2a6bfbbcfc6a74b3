import { defineAction, records, result } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'

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
  expect(await statusOf(url.replace(/signature=./, 'signature=_'))).toBe(404)
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
  expect(await run(system, 'circle')).toEqual([400, { non_field_errors: ['the result cannot be stored as JSON'] }])
  expect(await run(system, 'heavy')).toEqual([
    400,
    { non_field_errors: ["the file 'a' is larger than 1 MB (MAX_FILE_MB)"] },
  ])
  expect((await system.keys()).filter((key) => key.includes(':file:'))).toEqual([])
})
