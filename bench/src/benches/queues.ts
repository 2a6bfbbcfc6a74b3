import type { Bench } from '../lab/bench.js'
import { BullMq } from '../lab/bullmq.js'
import { executeAction } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import { startPostgres } from '../lab/postgres.js'
import { inTurn, medianOf, type Side } from '../lab/rounds.js'
import { versionOf } from '../report/surroundings.js'

const ON_REDIS = ['bee-queue']
const ON_POSTGRES = ['pg-boss', 'graphile-worker']
const NO_POSTGRES = 'no PostgreSQL that could be started here (Debian: apt-get install postgresql)'

export const queues: Bench = {
  name: 'queues',
  about:
    '10,000 jobs that do nothing in other queues, one run of 10,000 ids in ours: from the first add to the last end',
  run: async (lab) => {
    const count = lab.items(10_000, 500)
    const ours = await lab.installation()
    const bullmq = await BullMq.open(lab)
    const postgres = await startPostgres(lab)
    const body = executeAction({ name: 'nothing', model: 'users', ids: idsUpTo(count) })
    const perSecond = (took: () => Promise<number>): Side => {
      return async () => {
        const ms = await took()
        await lab.redis.forgetRuns()
        return count / (ms / 1_000)
      }
    }
    const sides: Record<string, Side> = {
      ours: perSecond(async () => {
        const began = performance.now()
        await ours.client.runToEnd(body)
        return performance.now() - began
      }),
      BullMQ: perSecond(async () => (await bullmq.add(count)) + (await bullmq.work({ ids: count, concurrency: 100 }))),
    }
    const others = [
      ...ON_REDIS.map((name) => ({ name, url: lab.redis.url })),
      ...(postgres === undefined ? [] : ON_POSTGRES.map((name) => ({ name, url: postgres.url }))),
    ]
    for (const { name, url } of others) {
      const peer = lab.peer(name)
      await peer.call('open', url)
      sides[name] = perSecond(() => peer.call<number>('run', count))
    }
    const measured = await inTurn(lab.rounds(5), sides)
    return {
      measured,
      unit: 'jobs/s',
      goals: Object.keys(sides)
        .filter((name) => name !== 'ours')
        .map((name) => ({
          what: `ours ÷ ${name}`,
          value: medianOf(measured, 'ours') / medianOf(measured, name),
          unit: '×' as const,
          atLeast: 1,
        })),
      notes: [
        'stored in the end: by ours outcome, attempts and times of each id; by BullMQ a job’s data, return value and times; by bee-queue its data and state; by pg-boss a row with data, state and times; by graphile-worker nothing, the row is removed',
        'jobs are added 1,000 at a time; BullMQ and bee-queue with a concurrency of 100; pg-boss takes and completes 1,000 at a time and is woken for the next ones; graphile-worker with the settings of its own measurement',
        'ours is a gateway and a worker, each a process; each of the others adds and works in one process',
        'Redis writes to disk once a second; PostgreSQL, with its defaults, waits for the disk at each commit',
        ...(postgres === undefined ? [`skipped: ${ON_POSTGRES.join(', ')}: ${NO_POSTGRES}`] : []),
      ],
      versions: {
        ...Object.fromEntries(others.map(({ name }) => [name, versionOf(name)])),
        ...(postgres === undefined ? {} : { PostgreSQL: postgres.version }),
      },
    }
  },
}
