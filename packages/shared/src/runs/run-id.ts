import { randomBytes } from 'node:crypto'

const ALPHABET = '0123456789abcdefghijklmnopqrstuv'

/** A new run id: 9 characters of time, so that ids sort by age, then 11 of chance (55 bits). Lower case, digits. */
export function newRunId(now: number): string {
  let chance = ''
  for (const byte of randomBytes(11)) chance += ALPHABET[byte & 31]
  return now.toString(32).padStart(9, '0') + chance
}

export const RUN_ID = /^[0-9a-v]{20}$/

/** When a run id was made, in epoch ms. */
export function runIdTime(id: string): number {
  return Number.parseInt(id.slice(0, 9), 32)
}
