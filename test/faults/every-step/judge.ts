import type { RecordId } from '@flexaction/shared'
import type { CallLine, ItemBody, RunBody } from '../harness/installation.js'
import type { Fault } from './step-proxy.js'
import type { Ask, Trial } from './trial.js'

/** What happened in a repetition besides what the scenario asked for. */
export interface Incident {
  fault: Fault | undefined
  /** Whether it was a worker that was killed or frozen. */
  workerHit: boolean
  /** How often the scenario itself ends a worker. */
  deaths: number
}

/** A call may begin so long after a cancel was answered (P7), in ms. */
const CANCEL_COUNTS_AFTER_MS = 1_000
/** Between the moment at which a run is said to be over and a line of the log that says the contrary, in ms. */
const CLOCK_MS = 50

/** Checks P1 to P8 over one repetition whose runs have ended. Problems are added to the trial's. */
export async function judge(trial: Trial, incident: Incident): Promise<void> {
  const { lane } = trial
  await lane.calls.read()
  const served = new Map<Ask, string[]>()
  for (const [id, run] of trial.ended) {
    const items = await trial.items(id)
    const ask = match(trial, id, items)
    if (!ask) {
      const ids = items.slice(0, 20).map((item) => item.id)
      trial.problem(`P1: run ${id} holds what nobody asked for: ${items.length} items, ${ids.join(', ')}`)
      continue
    }
    served.set(ask, [...(served.get(ask) ?? []), id])
    checkItems(trial, run, items, ask)
    checkCalls(trial, run, items, ask, incident)
    const again = await trial.items(id)
    if (JSON.stringify(again) !== JSON.stringify(items)) trial.problem('P3: items changed after the end of their run')
  }
  for (const ask of trial.asks) checkAnswers(trial, ask, served.get(ask) ?? [])
  const known = new Set((await trial.runs()).map(({ id }) => id))
  for (const run of lane.calls.runs)
    if (!known.has(run) && !lane.judged.has(run)) trial.problem(`P1: run ${run} was called and is in no list`)
  for (const id of known)
    if (!trial.ended.has(id) && !trial.stuck.has(id)) trial.problem(`P1: run ${id} came up afterwards`)
  for (const id of trial.ended.keys())
    if (!known.has(id)) trial.problem(`P1: run ${id} is there and in no list of runs`)
}

/** The request that a run belongs to: the one that it was the answer to, or one without a clear answer. */
function match(trial: Trial, run: string, items: readonly ItemBody[]): Ask | undefined {
  const answered = trial.asks.find(({ answers }) => answers.some((answer) => answer?.run === run))
  if (answered) return answered
  const ids = new Set(items.map(({ id }) => id))
  return trial.asks.find(({ expected }) =>
    expected.shared
      ? expected.ids.some((id) => ids.has(id))
      : expected.ids.length === ids.size && expected.ids.every((id) => ids.has(id)),
  )
}

function checkItems(trial: Trial, run: RunBody, items: readonly ItemBody[], { expected }: Ask): void {
  const tally: Record<string, number> = {}
  for (const { state } of items) tally[state] = (tally[state] ?? 0) + 1
  for (const [state, count] of Object.entries(run.counts))
    if (count !== (tally[state] ?? 0)) trial.problem(`P2: counts say ${count} ${state}, items say ${tally[state] ?? 0}`)
  const wanted = expected.shared ? trial.asks.flatMap((ask) => ask.expected.ids) : expected.ids
  const found = items.map(({ id }) => id)
  const left = new Set(wanted)
  const odd = found.filter((id) => !left.delete(id))
  if (odd.length > 0) trial.problem(`P1: ${odd.length} items are there that were not asked for, or twice: ${cut(odd)}`)
  if (!expected.shared && JSON.stringify(found) !== JSON.stringify(wanted) && odd.length === 0)
    trial.problem(`P1: of ${wanted.length} items ${found.length} are there, or in another order: ${cut(found)}`)
  const bad = items.filter(({ id, state }) => !expected.outcome(id).includes(state))
  for (const { id, state, attempts, message } of bad.slice(0, 2))
    trial.problem(`outcome: ${state} after ${attempts} attempts (${message}), allowed: ${cut(expected.outcome(id))}`)
}

function checkCalls(trial: Trial, run: RunBody, items: readonly ItemBody[], ask: Ask, incident: Incident): void {
  const { expected } = ask
  const lines = trial.lane.calls.of(run.id)
  const began = tally(lines, 'begin')
  const aborted = tally(lines, 'aborted')
  const ended = tally(lines, 'end')
  const states = new Map(items.map((item) => [item.id, item]))
  const spare = (incident.workerHit ? 1 : 0) + incident.deaths
  for (const [id, times] of began) {
    const item = states.get(id)
    if (!item) trial.problem(`P6: a record that is not part of the run was called: ${id}`)
    else if (item.state === 'expired') trial.problem('a record that expired was called')
    const allowed = (expected.calls?.(id) ?? 1) + (aborted.get(id) ?? 0) + spare
    if (times > allowed) trial.problem(`P4: a record was called ${times} times, allowed are ${allowed}`)
  }
  for (const { id, state, attempts } of items) {
    if (state === 'succeeded' && !ended.has(id)) trial.problem('P4: a record succeeded whose handler never returned')
    if (attempts > (expected.calls?.(id) ?? 1) + incident.deaths)
      trial.problem(`P8: ${attempts} attempts were counted, ${expected.calls?.(id) ?? 1} were made`)
  }
  checkSeen(trial, run, states, began)
  checkMoments(trial, run, lines, expected.beginsWithin)
}

/** What had an outcome when the fault happened has it still, and was not called again. */
function checkSeen(
  trial: Trial,
  run: RunBody,
  states: ReadonlyMap<RecordId, ItemBody>,
  began: ReadonlyMap<RecordId, number>,
): void {
  if (trial.retried.has(run.id)) return
  const { items = [], begun } = trial.seen.get(run.id) ?? {}
  for (const { id, state } of items) {
    const now = states.get(id)?.state
    if (now !== state) trial.problem(`P3: a record that was ${state} at the fault is ${now} at the end`)
    if ((began.get(id) ?? 0) > (begun?.get(id) ?? 0)) trial.problem(`P4: a record was called again that was ${state}`)
  }
}

function checkMoments(trial: Trial, run: RunBody, lines: readonly CallLine[], beginsWithin = Infinity): void {
  const cancelledAt = trial.cancelledAt.get(run.id)
  const createdAt = Date.parse((run as unknown as { createdAt: string }).createdAt)
  const first = new Map<RecordId, number>()
  for (const { what, at, pid, ids } of lines) {
    if (what !== 'begin') continue
    for (const id of ids) first.set(id, Math.min(at, first.get(id) ?? Infinity))
    // Who was frozen may begin what it had in hand before it hears that all is over.
    const thawedAt = trial.lane.worker.thawed.get(pid)
    const late = cancelledAt !== undefined && at > Math.max(cancelledAt, thawedAt ?? 0) + CANCEL_COUNTS_AFTER_MS
    if (late) trial.problem(`P7: a handler began ${at - cancelledAt} ms after cancel was answered`)
  }
  const waited = Math.max(0, ...first.values()) - createdAt
  if (waited > beginsWithin) trial.problem(`expiry: a call began ${waited} ms after its run was accepted`)
}

/** An answer 201 or 202 stands for a run; several stand for the same; a refusal stands for none. */
function checkAnswers(trial: Trial, { answers, expected }: Ask, runs: readonly string[]): void {
  const named = new Set(answers.flatMap((answer) => (answer && answer.status < 300 ? (answer.run ?? []) : [])))
  for (const run of named) {
    if (!trial.ended.has(run) && !trial.stuck.has(run))
      trial.problem(`P1: run ${run} was answered, and is not there whole`)
  }
  if (expected.shared) return
  if (named.size > 1) trial.problem('P1: one Idempotency-Key was answered with several runs')
  if (runs.length > 1) trial.problem(`P1: one request made ${runs.length} runs`)
  const last = answers.at(-1)
  if (runs.length > 0 && last?.status === 503 && answers.length === 1 && !last.text.includes('not certain'))
    trial.problem(`P1: refused without a word of uncertainty (${last.text}), and yet there is a run`)
}

/** What is called after its run had ended. Looks at runs of all earlier repetitions, and forgets what it has told. */
export function calledAfterEnd(trial: Trial): string[] {
  const { lane } = trial
  const problems: string[] = []
  for (const [run, endedAt] of lane.judged) {
    const late = lane.calls.of(run).find(({ what, at, pid }) => {
      const since = Math.max(endedAt, lane.worker.thawed.get(pid) ?? 0) + CLOCK_MS
      return what === 'begin' && at > since + (lane.worker.thawed.has(pid) ? CANCEL_COUNTS_AFTER_MS : 0)
    })
    if (!late) continue
    problems.push(`P4: a handler began ${late.at - endedAt} ms after run ${run} had ended`)
    lane.judged.set(run, Infinity)
  }
  return problems
}

function tally(lines: readonly CallLine[], what: CallLine['what']): Map<RecordId, number> {
  const times = new Map<RecordId, number>()
  for (const line of lines) if (line.what === what) for (const id of line.ids) times.set(id, (times.get(id) ?? 0) + 1)
  return times
}

const cut = (list: readonly unknown[]): string => list.slice(0, 12).join(', ') + (list.length > 12 ? ', …' : '')
