import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import { type CallLine, checkCounts, type Installation, type RunBody } from '../harness/installation.js'
import type { Faults } from './faults.js'
import type { Load, Sent } from './load.js'
import { OUTCOMES, type People } from './people.js'

/** What came out of a chaos run. The first numbers of each kind must be zero. */
export interface Verdict {
  runs: number
  items: number
  faults: number
  looks: number
  /** Runs that do not end, or are gone. */
  unended: string[]
  lost: string[]
  settledTwice: string[]
  calledAfterCancel: string[]
  outcomeWithoutCall: string[]
  repeats: { byRetry: number; byFault: number }
  /** How long the checks took, in s. */
  judgedIn: number
}

const TERMINAL = ['succeeded', 'completed_with_failures', 'failed', 'cancelled', 'expired']
/** A handler may begin so long after the cancel (P7), in ms; as much again for clocks and the log. */
const CANCEL_COUNTS_AFTER_MS = 2_000
/** More of one kind of wrong thing than this are counted, but not named. */
const NAMED = 50

/** What handlers did for one run: a few bytes per record. */
interface RunCalls {
  begun: Uint8Array
  ended: Uint8Array
  /** Handlers must not begin after this; epoch ms. */
  notAfter: number
}

/**
 * Waits for every run to end, and checks P1 to P8 over everything that happened: runs one after the other, the log of
 * calls as a stream.
 */
export async function judge(installation: Installation, load: Load, people: People, faults: Faults): Promise<Verdict> {
  const began = performance.now()
  const verdict: Verdict = {
    runs: load.sent.length,
    items: 0,
    faults: faults.total,
    looks: people.looks,
    unended: [],
    lost: [],
    settledTwice: [],
    calledAfterCancel: [],
    outcomeWithoutCall: [],
    repeats: { byRetry: 0, byFault: 0 },
    judgedIn: 0,
  }
  const calls = new Map<string, RunCalls>()
  for (const sent of load.sent) {
    const ended = await end(installation, people, sent.run, verdict)
    if (!ended) continue
    checkCounts(ended)
    const cancelled = ended.state === 'cancelled' && !sent.steered.has('retry')
    calls.set(sent.run, {
      begun: new Uint8Array(sent.upTo + 1),
      ended: new Uint8Array(sent.upTo + 1),
      notAfter: cancelled ? Date.parse(ended.finishedAt ?? '') + CANCEL_COUNTS_AFTER_MS : Infinity,
    })
  }
  // Read once all has ended: nothing is called any more.
  await readCalls(installation, calls, verdict, faults.frozen)
  for (const sent of load.sent) {
    const ofRun = calls.get(sent.run)
    if (ofRun) await judgeRun(installation, sent, ofRun, people, verdict)
    calls.delete(sent.run)
  }
  verdict.judgedIn = Math.round((performance.now() - began) / 1_000)
  return verdict
}

async function readCalls(
  installation: Installation,
  calls: ReadonlyMap<string, RunCalls>,
  verdict: Verdict,
  frozen: ReadonlySet<number>,
): Promise<void> {
  const lines = createInterface({ input: createReadStream(join(installation.dir, 'calls.log')), crlfDelay: Infinity })
  for await (const text of lines) {
    const { run, what, ids, at, pid } = JSON.parse(text) as CallLine
    const ofRun = calls.get(run)
    // A run whose request got no answer, and was not repeated because the load had been stopped.
    if (!ofRun) continue
    const times = what === 'begin' ? ofRun.begun : what === 'end' ? ofRun.ended : undefined
    for (const id of ids) if (times && (times[Number(id)] ?? 255) < 255) times[Number(id)]!++
    if (what === 'begin' && at > ofRun.notAfter && !frozen.has(pid))
      name(verdict.calledAfterCancel, `${run} ${ids.join(',')}: ${at - ofRun.notAfter} ms too late`)
  }
}

async function judgeRun(
  installation: Installation,
  { run, upTo, excluded, steered }: Sent,
  calls: RunCalls,
  people: People,
  verdict: Verdict,
): Promise<void> {
  const seen = people.seen.get(run)
  const known = new Uint8Array(upTo + 1)
  let count = 0
  for await (const { id: given, state, attempts } of installation.eachItem(run)) {
    const id = Number(given)
    count++
    if (known[id] !== 0 || excluded.has(id)) name(verdict.lost, `${run} holds ${id} twice, or although it is excluded`)
    known[id] = 1
    if (state === 'succeeded' && calls.ended[id] === 0) name(verdict.outcomeWithoutCall, `${run} ${id}`)
    verdict.repeats.byRetry += Math.max(0, attempts - 1)
    verdict.repeats.byFault += Math.max(0, (calls.begun[id] ?? 0) - Math.max(1, attempts))
    const before = OUTCOMES[seen?.[id] ?? 0]
    if (before && before !== state && !steered.has('retry'))
      name(verdict.settledTwice, `${run} ${id}: ${before}, then ${state}`)
  }
  verdict.items += count
  // A listing that was cancelled has stopped somewhere.
  const cutOff = steered.has('cancel') && count < upTo - excluded.size
  for (let id = 1; id <= upTo && !cutOff; id++)
    if (known[id] === 0 && !excluded.has(id)) name(verdict.lost, `${run} ${id}`)
}

/** Adds a wrong thing to a list: in words, or as one more of many. */
function name(wrong: string[], what: string): void {
  if (wrong.length < NAMED) wrong.push(what)
}

/** A run has so long to end; once one has not, the others have had their time as well. */
const ENDS_WITHIN_MS = 45_000
const OTHERS_WITHIN_MS = 1_000

/** The run, once it has ended. One that does not, or is gone, is noted. */
async function end(
  installation: Installation,
  people: People,
  run: string,
  verdict: Verdict,
): Promise<RunBody | undefined> {
  const deadline = performance.now() + (verdict.unended.length > 0 ? OTHERS_WITHIN_MS : ENDS_WITHIN_MS)
  for (;;) {
    const answer = await installation.get(`/api/runs/${run}`)
    const body = (await answer.json()) as RunBody
    if (answer.status === 200 && TERMINAL.includes(body.state)) return body
    if (answer.status === 404 || (answer.status === 200 && performance.now() > deadline)) {
      const deeds = people.deeds.filter((deed) => deed.run === run).map(({ deed }) => deed)
      name(
        verdict.unended,
        `${run}: ${answer.status === 404 ? 'gone' : JSON.stringify(body)}, after ${deeds.join(', ')}`,
      )
      return undefined
    }
    if (performance.now() > deadline + ENDS_WITHIN_MS)
      throw new Error(`nothing can be judged: GET /api/runs/${run} answers ${answer.status} ${JSON.stringify(body)}`)
    await pause(20)
  }
}

/** The verdict as people read it. */
export function table(verdict: Verdict, faults: Faults, seed: number): string {
  const { repeats } = verdict
  const many = ({ length }: string[]): string => (length === NAMED ? `${length} or more` : String(length))
  const rows: [string, string | number][] = [
    ['seed', seed],
    ['runs', verdict.runs],
    ['items', verdict.items],
    ['looks at runs while it went on', verdict.looks],
    ['faults survived', verdict.faults],
    ...[...faults.counts].sort().map(([fault, count]): [string, number] => [`  ${fault}`, count]),
    ['runs that did not end, or are gone', many(verdict.unended)],
    ['items lost', many(verdict.lost)],
    ['items settled twice', many(verdict.settledTwice)],
    ['items called after their run was cancelled', many(verdict.calledAfterCancel)],
    ['items with an outcome and no call', many(verdict.outcomeWithoutCall)],
    ['calls repeated by a retry', repeats.byRetry],
    ['calls repeated because a process died or was interrupted', repeats.byFault],
    ['seconds that the checks took', verdict.judgedIn],
    ['memory of the chaos process itself, MB', Math.round(process.memoryUsage().rss / 1_000_000)],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}
