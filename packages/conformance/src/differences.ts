const MARKERS: Readonly<Record<string, RegExp>> = {
  '<run id>': /^[0-9a-v]{20}$/,
  '<iso time>': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  '<run path>': /^\/api\/runs\/[0-9a-v]{20}$/,
  '<count>': /^\d+$/,
  '<text>': /./,
  '<2xx>': /^2\d\d$/,
  '<401 or 403>': /^40[13]$/,
  // Of the page that asks, in the cases.
  '<the origin, or *>': /^(https:\/\/app\.example\.com|\*)$/,
}

/**
 * Where something received is not what was expected, each place as a sentence. Markers are patterns for texts and numbers; all
 * else is exact. With `more`, objects may have more keys than were expected.
 */
export function differences(expected: unknown, received: unknown, where: string, more = false): string[] {
  if (typeof expected === 'string') {
    const pattern = expected.startsWith('~') ? new RegExp(expected.slice(1)) : MARKERS[expected]
    const isWord = typeof received === 'string' || typeof received === 'number'
    const fits = pattern ? isWord && pattern.test(String(received)) : received === expected
    return fits ? [] : [unlike(where, expected, received)]
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(received) || received.length !== expected.length) return [unlike(where, expected, received)]
    return expected.flatMap((one, at) => differences(one, received[at], `${where}[${at}]`, more))
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof received !== 'object' || received === null || Array.isArray(received))
      return [unlike(where, expected, received)]
    const keys = new Set([...Object.keys(expected), ...(more ? [] : Object.keys(received))])
    const of = (value: object, key: string): unknown => (value as Record<string, unknown>)[key]
    return [...keys].flatMap((key) => differences(of(expected, key), of(received, key), `${where}.${key}`, more))
  }
  return Object.is(expected, received) ? [] : [unlike(where, expected, received)]
}

function unlike(where: string, expected: unknown, received: unknown): string {
  return `${where}: expected ${show(expected)}, received ${show(received)}`
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
