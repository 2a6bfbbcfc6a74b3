import { expect, it } from 'vitest'
import { until } from '../harness/until.js'
import { Installation } from './harness/installation.js'

it('answers every message as the protocol has it while Redis is gone, and can be read by a page', async () => {
  await using installation = await Installation.start({ workers: 1 })
  const origin = 'https://app.example.com'
  const send = async (name: string, params: unknown): Promise<unknown[]> => {
    const answer = await installation.send(name, params, { origin })
    const { status, headers } = answer
    return [status, headers.get('retry-after'), headers.get('access-control-allow-origin'), await answer.json()]
  }
  const list = await send('get_action_list', null)

  await installation.redis.kill()

  await until('the gateway to know that', async () => (await installation.get('/readyz')).status === 503)
  const detail = 'The store takes nothing at the moment. Nothing was done; try again in a moment'
  const away = [503, '2', origin, { detail }]
  expect(await send('execute_action', { name: 'work', id: 1 })).toEqual(away)
  // What needs no store is answered: the list, what is wrong, and a name that nobody handles.
  expect(await send('get_action_list', null)).toEqual(list)
  expect(await send('execute_action', { name: 'work' })).toEqual([
    400,
    null,
    origin,
    { ids: ['select at least one record'] },
  ])
  await installation.restartRedis()
  await until('work to be accepted', async () => (await send('execute_action', { name: 'work', id: 1 }))[0] === 202)
})
