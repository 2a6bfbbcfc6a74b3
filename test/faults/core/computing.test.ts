import { expect, it } from 'vitest'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import { callsPerRecord } from '../harness/installation.js'
import { begin, startCore } from './start.js'

it('P15: a record that never stops computing fails alone: others go on, and what was in hand is said', async () => {
  await using installation = await startCore({ workers: 2 })
  await using supervisor = installation.supervise()

  const ids = [...range(1, 10), 'spin', ...range(11, 20)]
  const run = await begin(installation, { name: 'spins', ids })
  const ended = await installation.runIn(['completed_with_failures'], run, 30_000)

  expect([ended.counts.succeeded, ended.counts.failed]).toEqual([20, 1])
  expect((await installation.items(run, 'failed'))[0]).toMatchObject({
    id: 'spin',
    message: expect.stringMatching(/./),
  })
  // It had two processes of its own accord, and then one that was made for it alone.
  expect(callsPerRecord(await installation.calls(run)).get('spin')).toBe(3)
  expect(supervisor.deaths).toBe(2)
  const dead = installation.workers.filter(({ alive }) => !alive)
  for (const { output } of dead) {
    const last = output.trim().split('\n').slice(-5).join('\n')
    expect(last).toContain('spins')
    expect(last).toContain(run)
    expect(last).toMatch(/\bspin\b/)
  }
  await installation.runIn(['succeeded'], await begin(installation, { name: 'noop', ids: range(1, 50) }), 5_000)
})

it('a worker whose handler computes for ever ends after SIGTERM, and says that it was not in order', async () => {
  await using installation = await startCore({ workers: 1 })
  const run = await begin(installation, { name: 'spins', ids: ['spin'] })
  await until('it to be computing', async () => (await installation.calls(run)).length === 1)

  installation.workers[0]?.signal('SIGTERM')

  // The deadline is 2 s, and after STALL_AFTER, 1 s, its work is another's.
  const exit = await installation.workers[0]?.exited(6_000)
  expect(exit?.code).not.toBe(0)
})

it('a record that computes for longer than STALL_AFTER is never computed by two processes at once', async () => {
  await using installation = await startCore({ workers: 3 })
  await using _ = installation.supervise()

  const run = await begin(installation, { name: 'computes', ids: [1], params: { ms: 4_000 } })
  await installation.runIn(['succeeded', 'failed'], run, 30_000)
  await until('nobody to compute any more', async () => {
    const calls = await installation.calls(run)
    const begun = calls.filter(({ what }) => what === 'begin')
    const over = begun.filter(({ pid }) => {
      const process = installation.workers.find((worker) => worker.pid === pid)
      return !process?.alive || calls.some((call) => call.pid === pid && call.what === 'end')
    })
    return over.length === begun.length
  })

  const calls = await installation.calls(run)
  const begun = calls.filter(({ what }) => what === 'begin').sort((a, b) => a.at - b.at)
  const over = begun.map(({ pid }) => {
    const end = calls.find((call) => call.pid === pid && call.what === 'end')
    return end?.at ?? installation.workers.find((worker) => worker.pid === pid)?.endedAt ?? Infinity
  })
  const overlapping = begun.slice(1).filter(({ at }, n) => at < (over[n] ?? 0))
  expect(overlapping).toEqual([])
  expect(calls.filter(({ what }) => what === 'end').length).toBeLessThanOrEqual(1)
})

it('a slot is free again when its batch was lost while its handler hangs', async () => {
  await using installation = await startCore({ workers: 1 })
  const [first] = installation.workers
  const run = await begin(installation, { name: 'sticks_once', ids: ['stuck'] })
  await until('it to hang', async () => (await installation.calls(run)).length === 1)
  first?.signal('SIGSTOP')
  const other = await installation.addWorker()
  await installation.runIn(['succeeded'], run, 15_000)
  await other.kill()
  first?.signal('SIGCONT')

  const next = await begin(installation, { name: 'sticks_once', ids: ['next'] })

  await installation.runIn(['succeeded'], next, 10_000)
  expect(first?.alive).toBe(true)
})
