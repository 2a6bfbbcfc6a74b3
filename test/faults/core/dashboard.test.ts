import { expect, it } from 'vitest'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import type { Installation } from '../harness/installation.js'
import { startCore } from './start.js'

/** Pauses or resumes the queue of an action as the dashboard does. */
async function queue(installation: Installation, action: string, word: 'pause' | 'resume'): Promise<void> {
  const authorization = `Basic ${Buffer.from('ops:fault-tests-token').toString('base64')}`
  const answer = await fetch(`${installation.url()}/queues/api/queues`, { headers: { authorization } })
  const { queues } = (await answer.json()) as { queues: { name: string }[] }
  const name = queues.map((one) => one.name).find((one) => one.includes(action)) ?? ''
  const told = await fetch(`${installation.url()}/queues/api/queues/${encodeURIComponent(name)}/${word}`, {
    method: 'PUT',
    headers: { authorization },
  })
  expect(told.status).toBe(200)
}

it('what is paused in the dashboard is paused for runs that somebody waits for as well', async () => {
  await using installation = await startCore({ workers: 2 })
  const ask = (id: number, wait: number): Promise<Response> =>
    installation.execute({ name: 'five', id, params: { ms: 0 } }, { prefer: `wait=${wait}` })
  // Workers and gateways learn that the action's runs end at once.
  for (const id of range(1, 40)) expect((await ask(id, 10)).status).toBe(201)

  await queue(installation, 'five', 'pause')
  const begun = (await installation.calls()).length
  const answers = await Promise.all(range(101, 110).map((id) => ask(id, 1)))

  expect(answers.map(({ status }) => status)).toEqual(range(1, 10).map(() => 202))
  expect((await installation.calls()).length).toBe(begun)
  // Others are not paused.
  expect((await installation.execute({ name: 'noop', id: 1 }, { prefer: 'wait=10' })).status).toBe(201)
  await queue(installation, 'five', 'resume')
  for (const answer of answers) await installation.runIn(['succeeded'], answer.headers.get('x-run-id') ?? '', 5_000)
  await until('each to have been called once', async () => (await installation.calls()).length === begun + 20)
})
