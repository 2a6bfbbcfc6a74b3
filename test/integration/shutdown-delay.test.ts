import { common, defineAction } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'

const greet = defineAction({ name: 'greet', target: common(), run: () => undefined })

it('serves on for SHUTDOWN_DELAY while it says that it is not ready, and closes its port afterwards', async () => {
  await using system = await System.start({ actions: [greet], env: { SHUTDOWN_DELAY: '1s' } })
  const began = performance.now()
  const stopping = system.gateway.stop()

  const readiness = await system.get('/readyz')
  const health = await system.get('/healthz')
  const served = await system.send('execute_action', { name: 'greet' })
  const servedAfterMs = performance.now() - began
  await stopping
  const stoppedAfterMs = performance.now() - began

  expect([readiness.status, health.status, served.status]).toEqual([503, 200, 201])
  expect(await readiness.json()).toMatchObject({ details: { redis: 'ok', catalog: 'ok', shutdown: 'stopping' } })
  expect(servedAfterMs).toBeLessThan(stoppedAfterMs)
  expect(stoppedAfterMs).toBeGreaterThanOrEqual(990)
  await until(
    'the port to be closed',
    async () =>
      await system.get('/healthz').then(
        () => false,
        () => true,
      ),
  )
})
