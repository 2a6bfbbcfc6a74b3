import { FlexActionError } from '@flexaction/shared/errors'
import { distance } from 'fastest-levenshtein'

/** Longer names than this are no misspelling of a key of the protocol. */
const LONGEST = 20

/** Words for one of the protocol's keys, by that key; all without capitals, `_` and `-`. */
type Words = ReadonlyMap<string, string>

const wordsFor = (words: Readonly<Record<string, string>>): Words =>
  new Map(Object.entries(words).flatMap(([key, others]) => others.split(' ').map((word) => [word, key] as const)))

/** Mean the same wherever they stand. */
const OTHER_WORDS = wordsFor({
  params: 'parameters',
  id: 'recordid rowid itemid pk',
  ids: 'pks',
  inverseIds: 'except exceptids exclude excluded excludedids excludeids exclusion exclusions',
})

/** In an order, beside `params`. Where a person fills in a form they may be fields. */
const WORDS_IN_AN_ORDER = wordsFor({
  id: 'instance item key primarykey record row uuid',
  ids: 'instances items keys primarykeys records rows selected selection',
})

/** In an order, if they hold anything: an empty filter narrows nothing, and an empty form fills nothing in. */
const WORDS_IN_AN_ORDER_IF_GIVEN = wordsFor({
  ids: 'conditions filter filters where',
  model: 'collection resource table',
  params: 'args arguments data form kwargs payload',
})

/**
 * Which of the known keys an unknown one was probably meant to be: written in another case or with other signs (`ids[]`), with a wrong
 * letter, or another word for it. Whatever ends like `ids` speaks of a selection, and whatever begins like `inver` of its opposite.
 * `undefined` for keys that look like none: those are ignored.
 */
export function meantKey<Key extends string>(
  key: string,
  known: readonly Key[],
  more: readonly Words[] = [],
): Key | undefined {
  if (key.length > LONGEST || (known as readonly string[]).includes(key)) return undefined
  const plain = plainly(key)
  const word =
    [OTHER_WORDS, ...more].map((words) => words.get(plain)).find((found) => found !== undefined) ??
    (plain.startsWith('inver') ? 'inverseIds' : plain.endsWith('ids') ? 'ids' : undefined)
  return (
    known.find((one) => plainly(one) === plain) ??
    known.find((one) => one === word) ??
    known.find((one) => distance(plainly(one), plain) <= mistakesIn(one) || areSwapped(plainly(one), plain))
  )
}

/** Throws field errors for keys that are none of the known ones, and were probably meant to be: ignored, they would change what is done. */
export function refuseLookAlikes(object: object, known: readonly string[]): void {
  refuse(object, (key) => meantKey(key, known))
}

/** The same for the params of execute_action, where more words speak of what is to be done, and to which records. */
export function refuseLookAlikesInOrder(order: object, known: readonly string[]): void {
  refuse(order, (key, value) =>
    meantKey(key, known, saysNothing(value) ? [WORDS_IN_AN_ORDER] : [WORDS_IN_AN_ORDER, WORDS_IN_AN_ORDER_IF_GIVEN]),
  )
}

function refuse(object: object, meantBy: (key: string, value: unknown) => string | undefined): void {
  const wrong = Object.entries(object).flatMap(([key, value]: [string, unknown]): [string, string[]][] => {
    const meant = meantBy(key, value)
    return meant === undefined ? [] : [[key, [unknownKey(meant)]]]
  })
  if (wrong.length > 0) throw FlexActionError.fields(Object.fromEntries(wrong))
}

function saysNothing(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === undefined || value === null || value === ''
}

export function unknownKey(meant: string): string {
  return `unknown key (did you mean '${meant}'?)`
}

function plainly(key: string): string {
  return key.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

/** Whether letters of a word stand in another order: `modle`. */
function areSwapped(one: string, other: string): boolean {
  return one.length > 3 && one.length === other.length && lettersOf(one) === lettersOf(other)
}

function lettersOf(word: string): string {
  return Array.from(word).sort().join('')
}

/** Letters that may be wrong: too many words are as short as `id`. */
function mistakesIn(key: string): number {
  if (key.length <= 3) return 0
  return key.length <= 5 ? 1 : 2
}
