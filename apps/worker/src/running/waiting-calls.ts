/**
 * Those items of a batch that are to be called, cut into calls: one item each, or for bulk actions neighbours. The cuts follow
 * from the items' places alone, so that what is repeated of a call is the same call again.
 */
export class WaitingCalls {
  #next = 0
  #left = 0

  /** `positions`: in ascending order. `perCall`: most items of a call. */
  constructor(
    private readonly positions: readonly number[],
    private readonly perCall: number,
  ) {
    let end = 0
    for (const position of positions) {
      if (position < end) continue
      this.#left++
      end = firstOfCall(position, perCall) + perCall
    }
  }

  /** How many calls wait. */
  get left(): number {
    return this.#left
  }

  /** Items that wait or have been taken. */
  get items(): number {
    return this.positions.length
  }

  /** The next call's positions. */
  take(): readonly [first: number, ...others: number[]] | undefined {
    const first = this.positions[this.#next]
    if (first === undefined || this.#left === 0) return undefined
    this.#left--
    this.#next++
    if (this.perCall === 1) return [first]
    const end = firstOfCall(first, this.perCall) + this.perCall
    const from = this.#next
    while ((this.positions[this.#next] ?? end) < end) this.#next++
    return [first, ...this.positions.slice(from, this.#next)]
  }

  /** Nothing more will be taken; returns how many calls that were. */
  drop(): number {
    const left = this.#left
    this.#left = 0
    return left
  }
}

/** Position of the first item of the call that an item belongs to. */
export function firstOfCall(position: number, perCall: number): number {
  return position - (position % perCall)
}

/** Runs of neighbouring positions, as [from, to). The positions are in ascending order. */
export function neighbours(positions: readonly number[]): [number, number][] {
  const found: [number, number][] = []
  for (const position of positions) {
    const last = found.at(-1)
    if (last && last[1] === position) last[1]++
    else found.push([position, position + 1])
  }
  return found
}
