import { defineAction, records } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'

const actions = [defineAction({ name: 'touch', target: records('users'), run: () => undefined })]

interface Entry {
  name: string
  request: { headers: Record<string, string>; body: string }
}

it('cuts what it keeps of headers, before it looks for secrets in it, and of bodies', async () => {
  await using system = await System.start({ actions })
  const params = { password: 'hidden', note: 'redis://:secret@host' }
  await system.send('n'.repeat(500), params, { 'User-Agent': 'a'.repeat(5_000), 'X-Request-Id': 'b'.repeat(5_000) })
  const entry = await until('the message to be told', async () => {
    const { entries } = (await (await system.get('/api/wire')).json()) as { entries: Entry[] }
    return entries[0]
  })

  expect(entry.name).toBe(`${'n'.repeat(99)}…`)
  expect(entry.request.headers).toMatchObject({
    'user-agent': `${'a'.repeat(299)}…`,
    authorization: 'Token [masked]',
  })
  expect(entry.request.body).toContain('"password": "[masked]"')
  expect(entry.request.body).not.toContain('secret')
  const line = system.logLines.find(({ msg, message }) => msg === 'request' && message !== undefined)
  expect(line?.['message']).toBe(`${'n'.repeat(99)}…`)
  expect(String(line?.['request'])).toHaveLength(36)
})

it('logs at most 200 characters of a path', async () => {
  await using system = await System.start({ actions })
  const answer = await system.get(`/${'p'.repeat(8_000)}`)
  expect(answer.status).toBe(404)
  expect(JSON.stringify(await answer.json()).length).toBeLessThan(400)
  const line = await until('the line of the request', () => system.logLines.find(({ status }) => status === 404))
  expect(String(line['path'])).toHaveLength(200)
})

it('is not held up by large headers of people without a token', async () => {
  await using system = await System.start({ actions })
  // Each took more than half a second of the event loop.
  const hostile = [...new Array<string>(8).fill('a'.repeat(15_000)), 'a:'.repeat(7_500), 'Bearer '.repeat(2_000)]
  const began = performance.now()
  const answers = await Promise.all(
    hostile.flatMap((text) => [
      system.send('get_action_list', {}, { 'User-Agent': text, authorization: '' }),
      system.send('get_action_list', {}, { authorization: text }),
    ]),
  )
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 403))
  await until('the messages to be told', async () => {
    const { entries } = (await (await system.get('/api/wire')).json()) as { entries: Entry[] }
    return entries.length === answers.length || undefined
  })
  expect(performance.now() - began).toBeLessThan(4_000)
})
