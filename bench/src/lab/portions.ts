/** Jobs that are added in one call: larger ones hold the store up for long and are no faster. */
const PER_CALL = 1_000

/** The ids from 1 to `count`, in portions of what is added in one call. */
export function* inPortions(count: number): Generator<number[]> {
  for (let first = 1; first <= count; first += PER_CALL)
    yield Array.from({ length: Math.min(PER_CALL, count - first + 1) }, (_, at) => first + at)
}
