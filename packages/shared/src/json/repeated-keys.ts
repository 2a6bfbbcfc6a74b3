import { endOfString, type PathStep, pathTo } from './json-text.js'

const QUOTE = 0x22

/** A key that an object of a JSON text has twice: JSON.parse takes the last value, other programs the first. */
export class RepeatedKey extends Error {
  override readonly name = 'RepeatedKey'

  constructor(readonly path: readonly PathStep[]) {
    super(`${JSON.stringify(path.at(-1))} stands twice in one object`)
  }
}

/**
 * Throws {@link RepeatedKey} for the first key that one object of a JSON text has twice. `value`: what the text was parsed to. Keys are
 * counted in both, and the text is read character by character only when these counts differ.
 */
export function refuseRepeatedKeys(text: string, value: unknown): void {
  if (mostKeysIn(text) === keysOf(value)) return
  const end = endOfRepeatedKey(text)
  if (end !== undefined) throw new RepeatedKey(pathTo(text, end))
}

/** As many keys as the text can have: colons behind the end of a string. Some of them may stand inside of strings. */
function mostKeysIn(text: string): number {
  let count = 0
  for (let colon = text.indexOf(':'); colon !== -1; colon = text.indexOf(':', colon + 1)) {
    let at = colon - 1
    while (isSpace(text.charCodeAt(at))) at--
    if (text.charCodeAt(at) === QUOTE) count++
  }
  return count
}

function keysOf(value: unknown): number {
  let count = 0
  const open: unknown[] = [value]
  while (open.length > 0) {
    const one = open.pop()
    if (typeof one !== 'object' || one === null) continue
    const values: unknown[] = Array.isArray(one) ? one : Object.values(one)
    if (!Array.isArray(one)) count += values.length
    for (const inner of values) if (typeof inner === 'object' && inner !== null) open.push(inner)
  }
  return count
}

function endOfRepeatedKey(text: string): number | undefined {
  /** Keys so far of each object that is open; `undefined` for a list. */
  const open: (Set<string> | undefined)[] = []
  for (let at = 0; at < text.length;) {
    const character = text[at]
    if (character === '{') open.push(new Set())
    else if (character === '[') open.push(undefined)
    else if (character === '}' || character === ']') open.pop()
    if (character !== '"') {
      at++
      continue
    }
    const end = endOfString(text, at)
    const keys = open.at(-1)
    if (keys && isKey(text, end)) {
      const before = keys.size
      if (keys.add(JSON.parse(text.slice(at, end)) as string).size === before) return end
    }
    at = end
  }
  return undefined
}

/** Whether the string that ends here is a key: a colon follows. */
function isKey(text: string, end: number): boolean {
  let at = end
  while (isSpace(text.charCodeAt(at))) at++
  return text[at] === ':'
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}
