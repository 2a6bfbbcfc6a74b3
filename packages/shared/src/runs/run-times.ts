/** Where the handler calls of a run spent their time: sums over all of them, in ms. */
export interface RunTimes {
  calls: number
  /** From when a call could have been made, its batch being queued or its retry due, to its begin; without waiting for a limit. */
  slotMs: number
  /** Waiting for the action's limits over all workers. */
  limitMs: number
  handlerMs: number
  /** Pauses before retries; of a bulk call, the mean over its items. */
  retryMs: number
}

/** In the order in which the run's field `times` holds them, separated by blanks (lua/settle-items.lua adds to it). */
export const RUN_TIMES = ['calls', 'slotMs', 'limitMs', 'handlerMs', 'retryMs'] as const satisfies (keyof RunTimes)[]

/** Reads the run's field `times`; what is no number counts as 0. */
export function readTimes(text: string | null | undefined): RunTimes {
  const numbers = (text ?? '').split(' ').map(Number)
  return Object.fromEntries(RUN_TIMES.map((name, at) => [name, numbers[at] || 0])) as unknown as RunTimes
}
