import { ActionError, common, defineAction, field, records } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { withResolvers } from '../harness/with-resolvers.js'
import { System } from '../harness/system.js'

it('runs each record by itself and keeps what became of it', async () => {
  const called: unknown[] = []
  const greet = defineAction({
    name: 'greet',
    target: records('users'),
    params: { word: field.char() },
    run: ({ id, params }) => {
      called.push(id)
      if (id === 2) throw new ActionError('this one is asleep')
      return { said: `${params.word} ${id}` }
    },
  })
  await using system = await System.start({ actions: [greet] })

  const answer = await system.send('execute_action', {
    name: 'greet',
    model: 'users',
    ids: [1, 2, '3'],
    params: { word: 'hi' },
  })

  expect(answer.status).toBe(201)
  expect(await answer.json()).toEqual({
    result: false,
    run: {
      id: answer.headers.get('x-run-id'),
      action: 'greet',
      target: 'records',
      model: 'users',
      state: 'completed_with_failures',
      total: 3,
      counts: { waiting: 0, active: 0, succeeded: 2, failed: 1, skipped: 0, cancelled: 0, expired: 0 },
      user: 'admin',
      createdAt: expect.any(String) as string,
      startedAt: expect.any(String) as string,
      finishedAt: expect.any(String) as string,
    },
    errors: [{ id: 2, message: 'this one is asleep' }],
  })
  expect(called.sort()).toEqual([1, 2, '3'])
  const items = await system.get(`/api/runs/${answer.headers.get('x-run-id')}/items`)
  const times = { startedAt: expect.any(String) as string, finishedAt: expect.any(String) as string }
  expect(await items.json()).toEqual({
    items: [
      { id: 1, state: 'succeeded', attempts: 1, result: { said: 'hi 1' }, ...times },
      { id: 2, state: 'failed', attempts: 1, message: 'this one is asleep', ...times },
      { id: '3', state: 'succeeded', attempts: 1, result: { said: 'hi 3' }, ...times },
    ],
  })
})

it('answers 202 at once when asked to, and the run goes on', async () => {
  const gate = withResolvers()
  const slow = defineAction({
    name: 'slow',
    target: common(),
    run: async () => {
      await gate.promise
      return { done: true }
    },
  })
  await using system = await System.start({ actions: [slow] })

  const answer = await system.send('execute_action', { name: 'slow' }, { prefer: 'respond-async' })

  expect(answer.status).toBe(202)
  expect(answer.headers.get('preference-applied')).toBe('respond-async')
  const id = answer.headers.get('x-run-id') ?? ''
  await system.runIn(['running'], id)
  gate.resolve()
  expect(await system.runIn(['succeeded'], id)).toMatchObject({ result: { done: true }, counts: { succeeded: 1 } })
})
