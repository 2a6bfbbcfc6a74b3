import { expect, it } from 'vitest'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import { type AppProcess } from '../harness/app-process.js'
import type { Installation } from '../harness/installation.js'
import { Proxy } from '../harness/proxy.js'
import { RedisView } from './redis-view.js'
import { begin, beginEach, PATIENT, startCore } from './start.js'

const MEASURED_MS = 4_000
/** Runs of one record that are measured. */
const RUNS = 300
/** Only the actions that MANY_ACTIONS asks for. */
const MANY_ONLY = fileURLToPath(new URL('many-actions', import.meta.url))

/** Commands and bytes per second, over some seconds in which nobody asks for anything. */
async function idle(redis: RedisView): Promise<{ commands: number; bytes: number }> {
  const read = async () => ({
    commands: await redis.info('stats', 'total_commands_processed'),
    bytes: (await redis.info('stats', 'total_net_input_bytes')) + (await redis.info('stats', 'total_net_output_bytes')),
  })
  const before = await read()
  await pause(MEASURED_MS)
  const after = await read()
  // The looks themselves: three of them, some kB each.
  return {
    commands: ((after.commands - before.commands - 3) / MEASURED_MS) * 1_000,
    bytes: ((after.bytes - before.bytes - 15_000) / MEASURED_MS) * 1_000,
  }
}

async function startIdle(): Promise<Installation> {
  return startCore({ workers: 0, env: { ...PATIENT, ACTIONS_DIR: MANY_ONLY } })
}

async function addSettled(installation: Installation, env: Record<string, string>): Promise<AppProcess> {
  const worker = await installation.addWorker(env)
  await until('the gateway to be ready', async () => (await installation.get('/readyz')).status === 200)
  // What is done at the start is over.
  await pause(1_500)
  return worker
}

it('an idle worker with 100 actions has at most 6 connections, and sends at most 10 commands a second', async () => {
  await using installation = await startIdle()
  await using redis = await RedisView.open(installation.redis.url)
  const without = { connections: await redis.connections(), ...(await idle(redis)) }

  await addSettled(installation, { MANY_ACTIONS: '100' })

  const connections = (await redis.connections()) - without.connections
  const { commands } = await idle(redis)
  expect.soft(connections).toBeLessThanOrEqual(6)
  expect.soft(commands - without.commands).toBeLessThanOrEqual(10)
})

it('heartbeats do not read what other workers serve', async () => {
  await using installation = await startIdle()
  await using redis = await RedisView.open(installation.redis.url)
  const perWorker: number[] = []
  for (const workers of [1, 4]) {
    while (installation.workers.length < workers) await installation.addWorker({ MANY_ACTIONS: '100' })
    await pause(1_500)
    perWorker.push((await idle(redis)).bytes / workers)
  }

  // Four workers cost four times what one costs, and not sixteen times.
  // (One alone sends less than the looks at it, so that it may seem to send nothing.)
  expect.soft(perWorker[1]).toBeLessThan(1.5 * Math.max(0, perWorker[0] ?? 0) + 2_000)
  // A list of 100 actions takes about 2 kB.
  expect.soft(perWorker[1]).toBeLessThan(2_000)
})

it('the end of a run is told to the gateway that waits for it, and a one-record run takes at most 1.2 kB', async () => {
  await using installation = await startCore({ workers: 1, env: PATIENT })
  await using redis = await RedisView.open(installation.redis.url)
  const proxy = await Proxy.start(installation.redis.port)
  try {
    const bystander = await installation.addGateway({ REDIS_URL: installation.redisBehind(proxy) })
    await until('the gateway to be ready', async () => (await installation.get('/readyz', bystander)).status === 200)
    // These fill the queue's memory of ended jobs, so that it no longer grows.
    const run = await begin(installation, { name: 'one_by_one', ids: range(1, 1_100) })
    await installation.runIn(['succeeded'], run, 30_000)
    // … and these the list of the last messages.
    const first = await beginEach(installation, 'one_by_one', range(1_101, 1_350))
    for (const one of first) await installation.runIn(['succeeded'], one)
    const atRest = await settledBytes(redis)
    const heard = proxy.bytes.toClients

    const runs = await beginEach(installation, 'one_by_one', range(2_001, 2_000 + RUNS))
    for (const one of runs) await installation.runIn(['succeeded'], one)

    expect.soft((proxy.bytes.toClients - heard) / RUNS).toBeLessThan(20)
    expect.soft(((await settledBytes(redis)) - atRest) / RUNS).toBeLessThanOrEqual(1_200)
    expect(await installation.items(runs[0] ?? '')).toMatchObject([{ state: 'succeeded', attempts: 1 }])
  } finally {
    await proxy.stop()
  }
})

/** Bytes of all keys but those of requests with an Idempotency-Key, once nothing more is being written about what has ended. */
async function settledBytes(redis: RedisView): Promise<number> {
  let before = await redis.bytes(/:idempotency:/)
  return until('the store to be at rest', async () => {
    await pause(300)
    const now = await redis.bytes(/:idempotency:/)
    const same = Math.abs(now - before) < 2_000
    before = now
    return same && now
  })
}

it('maintenance of 3,000 open runs goes in pages: others are answered meanwhile', async () => {
  await using installation = await startCore({ workers: 1, env: { RECONCILE_EVERY: '100ms' } })
  await installation.workers[0]?.kill()
  await beginEach(installation, 'single', range(1, 3_000), { ms: 100 })
  await installation.addWorker()
  await until('work to be going on', async () => (await installation.calls()).length > 10)

  const asked: number[] = []
  for (const id of range(1, 10)) {
    const began = performance.now()
    const run = await begin(installation, { name: 'noop', id })
    await installation.runIn(['succeeded'], run, 10_000)
    asked.push(performance.now() - began)
  }
  expect(asked.sort((a, b) => a - b)[5]).toBeLessThan(500)
})
