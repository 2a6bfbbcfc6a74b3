import type { RecordId } from '@flexaction/shared'
import { recordKey } from '@flexaction/shared/definitions'
import { randomInt } from 'node:crypto'

const WHOLE_NUMBER = /^(0|-?[1-9]\d{0,14})$/
/** Slots per id, at least: fuller tables are searched for longer. */
const SLOTS_PER_ID = 1.5

/**
 * Which ids of a list have been seen: `5` and `"5"` are one, and so is a UUID in two spellings. Numbers, which most ids are, are found by a table of their
 * positions, of 4 bytes a slot and made once: a Set would take several times the memory of a million ids, and grow in leaps
 * that hold the event loop.
 */
export class SeenIds {
  /** Position of an id in the list, plus 1; 0 for a free slot. */
  readonly #slots: Int32Array
  readonly #mask: number
  /** Chance, so that nobody can choose ids that all fall into one place. */
  readonly #factor = 2 * randomInt(2 ** 30, 2 ** 31) + 1
  #texts: Set<string> | undefined

  constructor(private readonly list: readonly unknown[]) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(1, list.length) * SLOTS_PER_ID))
    this.#slots = new Int32Array(slots)
    this.#mask = slots - 1
  }

  /** Looks at the id at a position. Returns false when the same one was seen before. */
  add(position: number): boolean {
    const id = this.list[position] as RecordId
    if (typeof id === 'number') return this.#addNumber(id, position)
    if (WHOLE_NUMBER.test(id)) return this.#addNumber(Number(id), position)
    this.#texts ??= new Set()
    const before = this.#texts.size
    return this.#texts.add(recordKey(id)).size > before
  }

  #addNumber(id: number, position: number): boolean {
    // Both halves of a number beyond 2^32 count.
    const mixed = Math.imul((id | 0) ^ Math.imul((id / 2 ** 32) | 0, 0x85ebca6b), this.#factor)
    for (let slot = (mixed ^ (mixed >>> 15)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const there = this.#slots[slot] as number
      if (there === 0) {
        this.#slots[slot] = position + 1
        return true
      }
      // Only numbers, and texts of numbers, get into the table.
      if (Number(this.list[there - 1]) === id) return false
    }
  }
}
