const LONGEST_SHOWN = 40

/** Whatever came, in a few words: `"12.5"`, `true`, `nothing`, `a list`. Texts are cut at 40 characters. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(shortened(value))
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return `a ${typeof value}`
}

function shortened(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
}

/** The one shape of all messages here: what is allowed, and what was received. */
export function refusal(rule: string, received: unknown): string {
  return `must ${rule}, received ${shown(received)}`
}

/** A message without what was received: all of them name it last, so that whatever stands after these words may be it. */
export function withoutReceived(message: string): string {
  return message.split(', received ', 1)[0] ?? ''
}

/** What a rule adds for a number with commas, which may stand for the point or between thousands. */
export function inPlainDigits(received: unknown): string {
  const hasComma = typeof received === 'string' && /^\s*[+-]?[\d.,\s']*,[\d.,\s']*$/.test(received)
  return hasComma ? ', with a point for the decimals and no comma (1.50, not 1,50)' : ''
}

/** {@link refusal} as zod's `error` option. */
export function must(rule: string): { error: (issue: { readonly input?: unknown }) => string } {
  return { error: (issue) => refusal(rule, issue.input) }
}

/** `mustBe('a whole number')`: `must be a whole number, received "12.5"`. */
export function mustBe(allowed: string) {
  return must(`be ${allowed}`)
}
