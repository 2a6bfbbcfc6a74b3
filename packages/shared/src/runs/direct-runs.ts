import type { Keys } from '../redis/keys.js'
import { parseRunReply, type Run } from './run.js'
import { RunScript, type RunScriptContext } from './run-scripts.js'
import type { StartedBatch } from './run-store.js'

const keepDirectRun = new RunScript('keep-direct-run')

/** A worker to which a run may be handed as it is accepted, without a job. */
export interface DirectOffer {
  worker: string
  /** The fence of everything that is recorded for the run's one batch. Begins with `direct-`. */
  token: string
}

/** How long a run that was handed over counts as being in good hands while nothing was heard of it, in ms. */
const OFFER_COUNTS_MS = 5_000
/** Forms that are longer (in characters) go through the queue: what is published lies in Redis's memory until it is read. */
export const MOST_DIRECT_FORM = 16_000

/** Arguments by which accept-run.lua hands a run over. */
export function offerArguments(keys: Keys, offer: DirectOffer | undefined): (string | number)[] {
  return offer ? [keys.directRuns(offer.worker), offer.token, OFFER_COUNTS_MS] : ['', '', 0]
}

/** Reads what accept-run.lua publishes for the worker. `undefined` when that is no run. */
export function readHandedOver(message: string): StartedBatch | undefined {
  const [token, packedIds, form, fields] = JSON.parse(message) as [string, string, string, string[]]
  const run = parseRunReply(fields)
  if (!run) return undefined
  const parsed = JSON.parse(form) as Record<string, unknown>
  return { run, batch: 0, token, interruptions: 0, packedIds, log: null, form: parsed }
}

/** Says that the run is still in hand, for `forMs`. `lost`: another worker has it by now; `ended`: nobody has. */
export async function keepDirect(
  context: RunScriptContext,
  { run, token }: { run: Pick<Run, 'id'>; token: string },
  forMs: number,
): Promise<'kept' | 'lost' | 'ended'> {
  return (await keepDirectRun.run(context, run.id, token, forMs)) as 'kept' | 'lost' | 'ended'
}
