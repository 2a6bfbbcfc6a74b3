import { FlexActionError } from '@flexaction/shared/errors'
import { distance } from 'fastest-levenshtein'

/** Longer names than this are no misspelling of a key of the protocol. */
const LONGEST = 20

/** Other words for the keys of the protocol, without capitals, `_` and `-`. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  parameters: 'params',
  recordid: 'id',
  rowid: 'id',
  itemid: 'id',
  pk: 'id',
  pks: 'ids',
  inverse: 'inverseIds',
  inverseid: 'inverseIds',
  inverted: 'inverseIds',
  exceptids: 'inverseIds',
  excludeids: 'inverseIds',
  excludedids: 'inverseIds',
}

/**
 * Which of the known keys an unknown one was probably meant to be: written in another case or with `_`, with a wrong letter, or another word
 * for it. Whatever ends like `ids` speaks of a selection. `undefined` for keys that look like none: those are ignored.
 */
export function meantKey<Key extends string>(key: string, known: readonly Key[]): Key | undefined {
  if (key.length > LONGEST || (known as readonly string[]).includes(key)) return undefined
  const plain = plainly(key)
  const word = OTHER_WORDS[plain] ?? (plain.endsWith('ids') ? 'ids' : undefined)
  return (
    known.find((one) => plainly(one) === plain) ??
    known.find((one) => one === word) ??
    known.find((one) => distance(plainly(one), plain) <= mistakesIn(one))
  )
}

/** Throws field errors for keys that are none of the known ones, and were probably meant to be: ignored, they would change what is done. */
export function refuseLookAlikes(object: object, known: readonly string[]): void {
  const wrong = Object.keys(object).flatMap((key): [string, string[]][] => {
    const meant = meantKey(key, known)
    return meant === undefined ? [] : [[key, [unknownKey(meant)]]]
  })
  if (wrong.length > 0) throw FlexActionError.fields(Object.fromEntries(wrong))
}

export function unknownKey(meant: string): string {
  return `unknown key (did you mean '${meant}'?)`
}

function plainly(key: string): string {
  return key.toLowerCase().replaceAll(/[\s_-]/g, '')
}

/** Letters that may be wrong: too many words are as short as `id`. */
function mistakesIn(key: string): number {
  if (key.length <= 3) return 0
  return key.length <= 5 ? 1 : 2
}
