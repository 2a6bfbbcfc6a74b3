/** Runs of neighbouring positions, as [from, to). They are in ascending order. */
export function ranges(positions: readonly number[]): [number, number][] {
  const found: [number, number][] = []
  for (const position of positions) {
    const last = found.at(-1)
    if (last && last[1] === position) last[1]++
    else found.push([position, position + 1])
  }
  return found
}
