import { setTimeout as pause } from 'node:timers/promises'

const ASK_EVERY_MS = 10

/** Asks until it is so. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(ASK_EVERY_MS)
}
