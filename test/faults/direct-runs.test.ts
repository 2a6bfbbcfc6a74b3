import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { until } from '../harness/until.js'
import { callsPerRecord, Installation } from './harness/installation.js'

const ANSWERED = { prefer: 'wait=10' }

/** Lets the gateway see that the action's runs end at once: from then on it hands them over, past the queue. */
async function showThatItIsQuick(installation: Installation): Promise<void> {
  await until('a run to be handed over', async () => {
    const answer = await installation.execute({ name: 'heed', ids: [1] }, ANSWERED)
    return wasDirect(installation, answer.headers.get('x-run-id') ?? '')
  })
}

async function wasDirect(installation: Installation, run: string): Promise<boolean> {
  return (await installation.redisCommand('HEXISTS', `flexaction:{${run}}:run`, 'directUntil')) === 1
}

it('P5: a run that was handed to a worker ends although that worker is killed', async () => {
  await using installation = await Installation.start({ workers: 1 })
  await showThatItIsQuick(installation)
  const answer = installation.execute({ name: 'heed', ids: [2], params: { ms: 1_500 } }, ANSWERED)
  const begun = async (): Promise<boolean> => callsPerRecord(await installation.calls()).has(2)
  await until('the handler to be called', begun)

  await installation.workers[0]?.kill()
  await installation.addWorker()

  expect(await wasDirect(installation, (await answer).headers.get('x-run-id') ?? '')).toBe(true)
  expect((await answer).status).toBe(201)
  expect(callsPerRecord(await installation.calls()).get(2)).toBe(2)
})

it('P3: a run that was handed to a frozen worker is run by another, once', async () => {
  await using installation = await Installation.start({ workers: 1 })
  await showThatItIsQuick(installation)
  const [frozen] = installation.workers
  frozen?.signal('SIGSTOP')
  const answer = installation.execute({ name: 'heed', ids: [2] }, ANSWERED)
  await installation.addWorker()

  expect(await wasDirect(installation, (await answer).headers.get('x-run-id') ?? '')).toBe(true)
  expect((await answer).status).toBe(201)

  frozen?.signal('SIGCONT')
  const run = await installation.begin({ name: 'heed', ids: range(3, 600), params: { ms: 100 } })
  await until('the frozen worker to be at work again', async () =>
    (await installation.calls()).some(({ pid, ids }) => pid === frozen?.pid && ids[0] !== 1),
  )
  await installation.runIn(['succeeded'], run)
  expect(callsPerRecord(await installation.calls()).get(2)).toBe(1)
})

it('P5: a long run that was handed to a worker is not given to another while it lives', async () => {
  await using installation = await Installation.start({ workers: 2 })
  await showThatItIsQuick(installation)

  const answer = await installation.execute({ name: 'heed', ids: [2], params: { ms: 8_000 } }, ANSWERED)

  expect(answer.status).toBe(201)
  expect(await wasDirect(installation, answer.headers.get('x-run-id') ?? '')).toBe(true)
  expect(callsPerRecord(await installation.calls()).get(2)).toBe(1)
})
