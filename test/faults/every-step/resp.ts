/** Cuts a stream of Redis's protocol (RESP 2 and 3) into whole frames. */
export class Frames {
  #rest: Buffer = Buffer.alloc(0)

  /** The frames that are complete with this piece of the stream. */
  push(piece: Buffer): Buffer[] {
    const data = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    const frames: Buffer[] = []
    let from = 0
    for (let to = endOf(data, from); to !== undefined; to = endOf(data, from)) {
      frames.push(data.subarray(from, to))
      from = to
    }
    this.#rest = data.subarray(from)
    return frames
  }
}

/** The first `most` words of a command or of an array of texts. */
export function wordsOf(frame: Buffer, most: number): string[] {
  const words: string[] = []
  let [count, at] = headOf(frame, 0) ?? [0, frame.length]
  for (; count > 0 && words.length < most; count--) {
    const [length, from] = headOf(frame, at) ?? [0, frame.length]
    words.push(frame.toString('utf8', from, from + Math.min(length, 200)))
    at = from + length + 2
  }
  return words
}

/** How many words a command has. */
export const wordCount = (frame: Buffer): number => headOf(frame, 0)?.[0] ?? 0

/** Whether a frame from Redis is a published message, and no answer to a command. */
export function isPush(frame: Buffer): boolean {
  const kind = String.fromCharCode(frame[0] ?? 0)
  if (kind !== '>' && kind !== '*') return false
  const [word = ''] = wordsOf(frame, 1)
  return ['message', 'pmessage', 'smessage', 'invalidate'].includes(word)
}

const SIMPLE = new Set('+-:_#,('.split(''))
const TEXT = new Set('$=!'.split(''))

/** Where the frame that begins at `from` ends; `undefined` while it is not complete. */
function endOf(data: Buffer, from: number): number | undefined {
  const head = headOf(data, from)
  if (!head) return undefined
  const [length, next] = head
  const kind = String.fromCharCode(data[from] ?? 0)
  if (SIMPLE.has(kind) || length < 0) return next
  if (TEXT.has(kind)) return next + length + 2 <= data.length ? next + length + 2 : undefined
  let at: number | undefined = next
  for (let left = kind === '%' ? 2 * length : length; left > 0 && at !== undefined; left--) at = endOf(data, at)
  return at
}

/** The number in the line that begins at `from`, and where the next line begins. */
function headOf(data: Buffer, from: number): [number, number] | undefined {
  const end = data.indexOf('\r\n', from)
  return end === -1 ? undefined : [Number(data.toString('latin1', from + 1, end)), end + 2]
}
