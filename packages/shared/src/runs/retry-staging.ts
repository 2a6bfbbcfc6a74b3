import { randomBytes } from 'node:crypto'
import { failureFingerprint } from './failure-fingerprint.js'
import { isRetried } from './item-log.js'
import type { ItemsFilter } from './item-view.js'
import type { RunReader } from './run-reader.js'
import { RunScript, type RunScriptContext } from './run-scripts.js'
import type { Run } from './run.js'

const stageRetry = new RunScript('stage-retry')

/** Batches that one write names, at most. */
const BATCHES_PER_WRITE = 500

/** What a retry of some items of a run has written, for the retry itself to take up. */
export interface StagedRetry {
  token: string
  batches: number
  /** Items by their outcome. */
  counts: Record<'failed' | 'cancelled' | 'expired', number>
  /** Failed ones by fingerprint. */
  failures: [fingerprint: string, count: number][]
}

/**
 * Names the items of an ended run that are to be retried: those that the filter matches and that have failed, were cancelled,
 * or have expired. `undefined`: the run goes on meanwhile, or another retry is being staged.
 */
export async function stageRetryOf(
  context: RunScriptContext,
  reader: RunReader,
  run: Run,
  filter: ItemsFilter,
): Promise<StagedRetry | undefined> {
  const staged: StagedRetry = {
    ...{ token: randomBytes(9).toString('base64url'), batches: 0 },
    ...{ counts: { failed: 0, cancelled: 0, expired: 0 }, failures: [] },
  }
  const failures = new Map<string, number>()
  let named = new Map<number, [first: number, last: number][]>()
  const write = async (): Promise<boolean> => {
    const values = [...named].flatMap(([batch, ranges]) => [
      String(batch),
      ranges.map((one) => one.join('-')).join(','),
    ])
    const first = staged.batches === 0 ? '1' : ''
    if (named.size === 0) return true
    staged.batches += named.size
    named = new Map()
    return (await stageRetry.run(context, run.id, staged.token, first, ...values)) === 1
  }
  for await (const { position, item, message } of reader.matching(run, filter)) {
    if (!isRetried(item.state)) continue
    staged.counts[item.state]++
    if (item.state === 'failed') {
      const fingerprint = failureFingerprint(message ?? '')
      failures.set(fingerprint, (failures.get(fingerprint) ?? 0) + 1)
    }
    const batch = Math.floor(position / run.batchSize)
    if (!named.has(batch) && named.size >= BATCHES_PER_WRITE && !(await write())) return undefined
    addTo(named, batch, position % run.batchSize)
  }
  if (!(await write())) return undefined
  staged.failures = [...failures]
  return staged
}

function addTo(named: Map<number, [first: number, last: number][]>, batch: number, place: number): void {
  const ranges = named.get(batch)
  const last = ranges?.at(-1)
  if (!ranges) named.set(batch, [[place, place]])
  else if (last?.[1] === place - 1) last[1] = place
  else ranges.push([place, place])
}
