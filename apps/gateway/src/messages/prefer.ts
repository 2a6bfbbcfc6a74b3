/** How long an answer may wait, and what the Preference-Applied header says of it (RFC 7240). */
export interface Wait {
  ms: number
  applied: string | undefined
}

/**
 * The wait that `Prefer` asks for: `wait=<seconds>`, or `respond-async` for none; with both, the wait counts. Capped at
 * `maxMs`. What is no such preference is ignored, as RFC 7240 says.
 */
export function waitFor(prefer: string, defaultMs: number, maxMs: number): Wait {
  const preferences = prefer.split(',').map((preference) => preference.split(';', 1)[0]?.trim().toLowerCase() ?? '')
  const seconds = preferences
    .map((preference) => /^wait\s*=\s*"?(\d{1,9})"?$/.exec(preference)?.[1])
    .find((found) => found !== undefined)
  if (seconds !== undefined) {
    const ms = Math.min(Number(seconds) * 1_000, maxMs)
    return { ms, applied: `wait=${Math.floor(ms / 1_000)}` }
  }
  if (preferences.includes('respond-async')) return { ms: 0, applied: 'respond-async' }
  return { ms: Math.min(defaultMs, maxMs), applied: undefined }
}
