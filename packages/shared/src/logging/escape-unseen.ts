/** Control characters (sequences that a terminal obeys begin with one), and marks that turn the direction of writing; not the line's end. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** A line of JSON that holds the same, with nothing in it that a terminal would obey or show in another order. */
export function escapeUnseen(line: string): string {
  return line.replaceAll(UNSEEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
