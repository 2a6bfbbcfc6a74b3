import type { RecordId } from '@flexaction/shared'
import { type CallLine, checkCounts, type Installation, type RunBody } from '../harness/installation.js'
import type { Faults } from './faults.js'
import type { Load } from './load.js'
import type { People } from './people.js'

/** What came out of a chaos run. The first numbers of each kind must be zero. */
export interface Verdict {
  runs: number
  items: number
  faults: number
  looks: number
  lost: string[]
  settledTwice: string[]
  calledAfterCancel: string[]
  outcomeWithoutCall: string[]
  repeats: { byRetry: number; byFault: number }
}

const TERMINAL = ['succeeded', 'completed_with_failures', 'failed', 'cancelled', 'expired']
/** A handler may begin so long after the cancel (P7), in ms; as much again for clocks and the log. */
const CANCEL_COUNTS_AFTER_MS = 2_000

/** Waits for every run to end, and checks P1 to P8 over everything that happened. */
export async function judge(installation: Installation, load: Load, people: People, faults: Faults): Promise<Verdict> {
  const verdict: Verdict = {
    runs: load.sent.length,
    items: 0,
    faults: [...faults.counts.values()].reduce((sum, count) => sum + count, 0),
    looks: people.looks,
    lost: [],
    settledTwice: [],
    calledAfterCancel: [],
    outcomeWithoutCall: [],
    repeats: { byRetry: 0, byFault: 0 },
  }
  const runs = new Map<string, RunBody>()
  for (const { run } of load.sent) runs.set(run, await end(installation, people, run))
  // Read once all has ended: nothing is called any more.
  const calls = byRun(await installation.calls())
  for (const { run, ids, steered } of load.sent) {
    const ended = runs.get(run) as RunBody
    checkCounts(ended)
    const items = await installation.items(run)
    verdict.items += items.length
    const cutOff = steered.has('cancel') && items.length < ids.length
    const known = new Set(items.map(({ id }) => String(id)))
    for (const id of ids) if (!known.has(String(id)) && !cutOff) verdict.lost.push(`${run} ${id}`)
    if (known.size !== items.length) verdict.lost.push(`${run} holds a record twice`)

    const ofRun = calls.get(run) ?? new Map<string, CallLine[]>()
    for (const { id, state, attempts } of items) {
      const lines = ofRun.get(String(id)) ?? []
      const begun = lines.filter(({ what }) => what === 'begin')
      if (state === 'succeeded' && !lines.some(({ what }) => what === 'end'))
        verdict.outcomeWithoutCall.push(`${run} ${id}`)
      verdict.repeats.byRetry += Math.max(0, attempts - 1)
      verdict.repeats.byFault += Math.max(0, begun.length - Math.max(1, attempts))
      const before = people.seen.get(run)?.get(id)
      if (before !== undefined && before !== state && !steered.has('retry'))
        verdict.settledTwice.push(`${run} ${id}: ${before}, then ${state}`)
      if (ended.state === 'cancelled' && !steered.has('retry')) {
        const until = Date.parse(ended.finishedAt ?? '') + CANCEL_COUNTS_AFTER_MS
        const late = begun.filter(({ at, pid }) => at > until && !faults.frozen.has(pid))
        if (late.length > 0) verdict.calledAfterCancel.push(`${run} ${id}`)
      }
    }
  }
  return verdict
}

async function end(installation: Installation, people: People, run: string): Promise<RunBody> {
  try {
    return await installation.runIn(TERMINAL, run, 45_000)
  } catch (error) {
    const leases = await installation.redisCommand('HGETALL', `flexaction:{${run}}:leases`)
    const deeds = people.deeds.filter((deed) => deed.run === run)
    const stuck = JSON.stringify({ run: await installation.run(run), leases, deeds })
    throw new Error(`a run does not end: ${stuck}`, { cause: error })
  }
}

function byRun(lines: readonly CallLine[]): Map<string, Map<string, CallLine[]>> {
  const runs = new Map<string, Map<string, CallLine[]>>()
  const push = (run: string, id: RecordId, line: CallLine): void => {
    const ofRun = runs.get(run) ?? new Map<string, CallLine[]>()
    runs.set(run, ofRun)
    ofRun.set(String(id), [...(ofRun.get(String(id)) ?? []), line])
  }
  for (const line of lines) for (const id of line.ids) push(line.run, id, line)
  return runs
}

/** The verdict as people read it. */
export function table(verdict: Verdict, faults: Faults, seed: number): string {
  const { repeats } = verdict
  const rows: [string, string | number][] = [
    ['seed', seed],
    ['runs', verdict.runs],
    ['items', verdict.items],
    ['looks at runs while it went on', verdict.looks],
    ['faults survived', verdict.faults],
    ...[...faults.counts].sort().map(([fault, count]): [string, number] => [`  ${fault}`, count]),
    ['items lost', verdict.lost.length],
    ['items settled twice', verdict.settledTwice.length],
    ['items called after their run was cancelled', verdict.calledAfterCancel.length],
    ['items with an outcome and no call', verdict.outcomeWithoutCall.length],
    ['calls repeated by a retry', repeats.byRetry],
    ['calls repeated because a process died or was interrupted', repeats.byFault],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}
