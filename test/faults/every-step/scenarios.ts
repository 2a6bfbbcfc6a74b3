import type { RecordId } from '@flexaction/shared'
import { setTimeout as pause } from 'node:timers/promises'
import { range } from '../../harness/range.js'
import type { App } from './lane.js'
import { patiently } from './patience.js'
import { type Expected, TERMINAL, type Trial } from './trial.js'

/** Something that people do with runs, through the public API only. */
export interface Scenario {
  name: string
  /** Whose commands are numbered, and whom the fault happens to. */
  app: App
  /** What must be there before numbering begins. */
  prepare?: (trial: Trial) => Promise<string>
  /** Is numbered until every run has ended. `run`: the one that was prepared. */
  act: (trial: Trial, run: string) => Promise<void>
  /** How often the scenario itself ends a worker. */
  deaths?: number
}

const succeeds = (): string[] => ['succeeded']
const all = (ids: readonly RecordId[]): Expected => ({ ids, outcome: succeeds })
const isFourth = (id: RecordId): boolean => Number(id) % 4 === 0
const QUEUED = { prefer: 'respond-async' }

const acceptFew = async (trial: Trial): Promise<void> => {
  const ids = trial.ids(3)
  await trial.ask({ name: 'work', ids }, all(ids), QUEUED)
}

/** A single record whose outcome the answer waits for. */
const acceptAndWait = async (trial: Trial): Promise<void> => {
  const ids = trial.ids(1)
  await trial.ask({ name: 'work', ids }, all(ids), { prefer: 'wait=5' })
}

const acceptMany = async (trial: Trial): Promise<void> => {
  const ids = Array.from({ length: 40_000 }, (_, at) => `${trial.ids(1)[0]}-record-${at}`)
  await trial.ask({ name: 'many', ids }, all(ids), QUEUED)
}

const EXCLUDED: readonly RecordId[] = [3, '7', 30]
const acceptAllExcept = async (trial: Trial): Promise<void> => {
  const ids = range(1, 30).filter((id) => !EXCLUDED.map(Number).includes(id))
  await trial.ask({ name: 'work', ids: EXCLUDED, inverseIds: true }, all(ids), QUEUED)
}

/** Of 20,000 records all are excluded but for every thousandth. */
const acceptAllExceptMany = async (trial: Trial): Promise<void> => {
  const isLeft = (id: number): boolean => id % 1_000 === 0
  const excluded = range(1, 20_000).filter((id) => !isLeft(id))
  const params = { name: 'many', ids: excluded, inverseIds: true }
  await trial.ask(params, all(range(1, 20_000).filter(isLeft)), QUEUED)
}

const ACCEPTED_WITHIN_MS = 10_000
const acceptWithKey = async (trial: Trial): Promise<void> => {
  const ids = trial.ids(3)
  const headers = { ...QUEUED, 'idempotency-key': `every-step-${ids[0]}` }
  const params = { name: 'work', ids }
  const ask = await trial.ask(params, all(ids), headers)
  const isClear = (): boolean => (ask.answers.at(-1)?.status ?? 503) < 300
  const again = async (): Promise<boolean> => {
    await trial.again(ask, params, headers)
    if (!isClear()) await pause(50)
    return isClear()
  }
  const wasClear = isClear() || (await patiently(ACCEPTED_WITHIN_MS, again))
  if (!wasClear || !(await patiently(ACCEPTED_WITHIN_MS, again))) trial.problem('P5: a request is refused for good')
}

const acceptCoalesced = async (trial: Trial): Promise<void> => {
  const asks = trial.ids(4).map(async (id) => {
    await trial.ask({ name: 'gathered', id }, { ...all([id]), shared: true }, { prefer: 'wait=5' })
  })
  await Promise.all(asks)
}

const settle = async (trial: Trial): Promise<void> => {
  const ids = trial.ids(24)
  const one = ids.slice(0, 12)
  const other = ids.slice(12)
  const refused = (id: RecordId): string[] => (isFourth(id) ? ['failed'] : ['succeeded'])
  const mixed = (id: RecordId): string[] => [['failed', 'skipped', 'succeeded', 'succeeded'][Number(id) % 4] ?? '']
  await Promise.all([
    trial.ask({ name: 'refuse', ids: one }, { ids: one, outcome: refused }, QUEUED),
    trial.ask({ name: 'bulk', ids: other }, { ids: other, outcome: mixed }, QUEUED),
  ])
}

const retryByPolicy = async (trial: Trial): Promise<void> => {
  const ids = trial.ids(8)
  await trial.ask({ name: 'retried', ids }, { ...all(ids), calls: (id) => (isFourth(id) ? 2 : 1) }, QUEUED)
}

/** A run some of whose records have failed. */
const failedRun = async (trial: Trial): Promise<string> => {
  const ids = trial.ids(8)
  const expected = { ...all(ids), calls: (id: RecordId) => (isFourth(id) ? 2 : 1) }
  const run = trial.runOf(await trial.ask({ name: 'broken', ids }, expected, QUEUED))
  await trial.runIn(['completed_with_failures'], run)
  return run
}

/** The answer got lost on the way there, or on the way back: a retry that was not heard of is sent again. */
const retry = async (trial: Trial, run: string): Promise<void> => {
  await trial.steer(run, 'retry')
  await trial.runIn(TERMINAL, run)
  if ((await trial.read<{ state: string }>(`/api/runs/${run}`)).state === 'succeeded') return
  await trial.steer(run, 'retry')
  await trial.runIn(['succeeded'], run)
}

/** A run that takes four rounds, and is in its first. */
const longRun = async (trial: Trial): Promise<string> => {
  const ids = trial.ids(20)
  const expected = { ids, outcome: () => ['succeeded', 'cancelled'] }
  const run = trial.runOf(await trial.ask({ name: 'work', ids, params: { ms: 120 } }, expected, QUEUED))
  await trial.begun(run)
  return run
}

const cancel = async (trial: Trial, run: string): Promise<void> => {
  await trial.steer(run, 'cancel')
}

/** So long after a pause was answered it must be quiet, in ms. */
const PAUSE_COUNTS_AFTER_MS = 1_000
const QUIET_FOR_MS = 200

const pauseAndResume = async (trial: Trial, run: string): Promise<void> => {
  const pausedAt = await trial.steer(run, 'pause')
  const { state } = await trial.read<{ state: string }>(`/api/runs/${run}`)
  if (state !== 'paused') return
  const quiet = pause(pausedAt + PAUSE_COUNTS_AFTER_MS + QUIET_FOR_MS - Date.now())
  await Promise.all([trial.lane.gateway, trial.lane.worker].map(({ proxy }) => proxy.unnumbered(() => quiet)))
  await trial.lane.calls.read()
  const thawedAt = (pid: number): number => trial.lane.worker.thawed.get(pid) ?? 0
  const late = trial.lane.calls
    .of(run)
    .filter(({ what, at, pid }) => what === 'begin' && at > Math.max(pausedAt, thawedAt(pid)) + PAUSE_COUNTS_AFTER_MS)
  for (const { at } of late.slice(0, 1))
    trial.problem(`pause: a handler began ${at - pausedAt} ms after it was answered`)
  await trial.steer(run, 'resume')
}

/** One that keeps the worker's only slot, and two that may not wait so long for it. */
const expire = async (trial: Trial): Promise<void> => {
  const expected = (ids: number[]): Expected => ({
    ids,
    outcome: () => ['succeeded', 'expired'],
    // One look of those who let runs expire, and noise.
    beginsWithin: 1_000 + 700,
  })
  const [first = 0, ...others] = trial.ids(3)
  const blocker = await trial.ask({ name: 'hasty', ids: [first], params: { ms: 2_000 } }, expected([first]), QUEUED)
  if (blocker.answers[0]?.run) await trial.begun(blocker.answers[0].run).catch(() => undefined)
  for (const id of others) await trial.ask({ name: 'hasty', ids: [id] }, expected([id]), QUEUED)
}

const isolate = async (trial: Trial): Promise<void> => {
  const [first = 0, second = 0, third = 0] = trial.ids(3)
  const poison = `poison-${first}`
  const ids = [first, poison, second, third]
  const expected = { ids, outcome: (id: RecordId) => [id === poison ? 'failed' : 'succeeded'] }
  const supervising = new AbortController()
  const supervise = async (): Promise<void> => {
    while (!supervising.signal.aborted) {
      const worker = await trial.lane.worker.process
      if (worker.alive) await pause(10)
      else await trial.lane.worker.replaceWhenEnded(worker, 1_000)
    }
  }
  const supervision = supervise()
  await trial.ask({ name: 'touchy', ids }, expected, QUEUED)
  await trial.allEnded()
  supervising.abort()
  await supervision
}

/** The deadline is 2 s. */
const ENDS_WITHIN_MS = 30_000

const stopWorker = async (trial: Trial): Promise<void> => {
  const process = await trial.lane.worker.process
  process.signal('SIGTERM')
  const { code, signal } = await trial.lane.worker.replaceWhenEnded(process, ENDS_WITHIN_MS)
  // One that was frozen had less than its deadline.
  if (trial.lane.worker.thawed.has(process.pid)) return
  if (code !== 0 && signal !== 'SIGKILL')
    trial.problem(`P8: a worker that was told to stop ended with ${code ?? signal}`)
}

const stopGateway = async (trial: Trial): Promise<void> => {
  const ids = trial.ids(2)
  const process = await trial.lane.gateway.process
  const asked = trial.ask({ name: 'work', ids, params: { ms: 200 } }, all(ids), { prefer: 'wait=1' })
  await patiently(ACCEPTED_WITHIN_MS, async () => trial.lane.gateway.proxy.steps.length > 0)
  process.signal('SIGTERM')
  const { code, signal } = await trial.lane.gateway.replaceWhenEnded(process, ENDS_WITHIN_MS)
  await asked
  if (code !== 0 && signal !== 'SIGKILL')
    trial.problem(`P8: a gateway that was told to stop ended with ${code ?? signal}`)
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'accept-few', app: 'gateway', act: acceptFew },
  { name: 'accept-and-wait', app: 'gateway', act: acceptAndWait },
  { name: 'accept-many', app: 'gateway', act: acceptMany },
  { name: 'accept-all-except', app: 'gateway', act: acceptAllExcept },
  { name: 'accept-all-except-many', app: 'gateway', act: acceptAllExceptMany },
  { name: 'accept-with-key', app: 'gateway', act: acceptWithKey },
  { name: 'accept-coalesced', app: 'gateway', act: acceptCoalesced },
  { name: 'take', app: 'worker', act: acceptFew },
  { name: 'take-awaited', app: 'worker', act: acceptAndWait },
  { name: 'settle', app: 'worker', act: settle },
  { name: 'retry-by-policy', app: 'worker', act: retryByPolicy },
  { name: 'retry', app: 'gateway', prepare: failedRun, act: retry },
  { name: 'retried', app: 'worker', prepare: failedRun, act: retry },
  { name: 'pause', app: 'gateway', prepare: longRun, act: pauseAndResume },
  { name: 'paused', app: 'worker', prepare: longRun, act: pauseAndResume },
  { name: 'cancel', app: 'gateway', prepare: longRun, act: cancel },
  { name: 'cancelled', app: 'worker', prepare: longRun, act: cancel },
  { name: 'expire', app: 'worker', act: expire },
  { name: 'list', app: 'worker', act: acceptAllExcept },
  { name: 'isolate', app: 'worker', act: isolate, deaths: 2 },
  { name: 'stop', app: 'worker', prepare: longRun, act: stopWorker },
  { name: 'stop-gateway', app: 'gateway', act: stopGateway },
]
