import { setTimeout as pause } from 'node:timers/promises'

/** Calls one at a time, with a pause in between; how long each took, in ms. */
export async function oneAfterTheOther(
  count: number,
  pauseMs: number,
  call: () => Promise<unknown>,
): Promise<number[]> {
  const took: number[] = []
  for (let n = 0; n < count; n++) {
    const began = performance.now()
    await call()
    took.push(performance.now() - began)
    if (pauseMs > 0) await pause(pauseMs)
  }
  return took
}

/** Calls by so many callers at once; calls per second. */
export async function sideBySide(count: number, callers: number, call: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  let left = count
  const caller = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return count / ((performance.now() - began) / 1_000)
}
