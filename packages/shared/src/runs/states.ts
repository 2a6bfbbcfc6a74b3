/** States of a run. The last five are terminal: only a retry of failed items leaves them. */
export const RUN_STATES = [
  'waiting',
  'running',
  'paused',
  'halted',
  'succeeded',
  'completed_with_failures',
  'failed',
  'cancelled',
  'expired',
] as const
export type RunState = (typeof RUN_STATES)[number]

const TERMINAL: ReadonlySet<RunState> = new Set([
  'succeeded',
  'completed_with_failures',
  'failed',
  'cancelled',
  'expired',
])

export function isTerminal(state: RunState): boolean {
  return TERMINAL.has(state)
}

/** How an item ended. */
export const OUTCOMES = ['succeeded', 'failed', 'skipped', 'cancelled', 'expired'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** States of an item. */
export const ITEM_STATES = ['waiting', 'active', ...OUTCOMES] as const
export type ItemState = (typeof ITEM_STATES)[number]

export type Counts = Readonly<Record<ItemState, number>>
