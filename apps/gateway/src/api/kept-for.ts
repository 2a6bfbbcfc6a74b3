/** `read`, with each answer used again for `ms`: many pages that look at once cost as much as one. Failures are not kept. */
export function keptFor<Value>(ms: number, read: (key: string) => Promise<Value>): (key: string) => Promise<Value> {
  const kept = new Map<string, { value: Promise<Value>; until: number }>()
  return (key) => {
    const now = performance.now()
    const known = kept.get(key)
    if (known && known.until > now) return known.value
    for (const [old, { until }] of kept) if (until <= now) kept.delete(old)
    const value = read(key)
    kept.set(key, { value, until: now + ms })
    value.catch(() => kept.delete(key))
    return value
  }
}
