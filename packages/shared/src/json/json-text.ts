const BACKSLASH = 0x5c

/** A step into a value: a key, or a position in a list. */
export type PathStep = string | number

/** The position after the quote that ends the string which begins at `start`. */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return quote + 1
  }
  return text.length
}

/** Where the value at this position of the text stands. Only called for a text that is refused; the text must be valid. */
export function pathTo(text: string, position: number): PathStep[] {
  const path: PathStep[] = []
  let expectsKey = false
  for (let at = 0; at < position;) {
    const character = text[at]
    if (character === '"') {
      const end = endOfString(text, at)
      if (expectsKey) path[path.length - 1] = JSON.parse(text.slice(at, end)) as string
      at = end
      continue
    }
    if (character === '{') path.push('')
    else if (character === '[') path.push(0)
    else if (character === '}' || character === ']') path.pop()
    else if (character === ',' && typeof path.at(-1) === 'number') path[path.length - 1] = Number(path.at(-1)) + 1
    if (character === '{' || (character === ',' && typeof path.at(-1) === 'string')) expectsKey = true
    else if (character === ':' || character === '[' || character === '}' || character === ']') expectsKey = false
    at++
  }
  return path
}
