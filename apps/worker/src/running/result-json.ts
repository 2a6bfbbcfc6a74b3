/**
 * A handler's result as JSON, by the rules of PROTOCOL.md section 5: NaN and Infinity become null, dates ISO 8601, bigints
 * strings. '' when nothing was returned. Throws a TypeError for what JSON cannot hold (a circular structure).
 */
export function resultJson(result: unknown): string {
  if (result === undefined) return ''
  try {
    return JSON.stringify(result) ?? ''
  } catch (error) {
    const withBigints = JSON.stringify(result, (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    )
    if (withBigints === undefined) throw error
    return withBigints
  }
}
