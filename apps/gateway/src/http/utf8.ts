import { FlexActionError } from '@flexaction/shared/errors'
import { isAscii } from 'node:buffer'
import { TextDecoder } from 'node:util'

const BYTES_SHOWN = 8
const BYTES_PER_STEP = 65_536

/** Bytes as text. Throws field errors that say where bytes stand that are no UTF-8: replaced by `�`, they would be stored damaged. */
export function decodeUtf8(bytes: Uint8Array): string {
  // Large bodies are lists of ids; this is the fastest way to read one.
  if (isAscii(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const at = firstBroken(bytes)
    const shown = [...bytes.subarray(at, at + BYTES_SHOWN)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    throw FlexActionError.fields({
      non_field_errors: [`Incorrect body: it must be UTF-8, received other bytes from position ${at + 1} on: ${shown}`],
    })
  }
}

/** In large steps up to the one that fails, and byte by byte from there: the position at which that character begins. */
function firstBroken(bytes: Uint8Array): number {
  const inSteps = new TextDecoder('utf-8', { fatal: true })
  let from = 0
  while (from < bytes.length && decode(inSteps, bytes.subarray(from, from + BYTES_PER_STEP)) !== undefined)
    from += BYTES_PER_STEP
  let begins = characterStart(bytes, Math.min(from, bytes.length) - 1)
  const byBytes = new TextDecoder('utf-8', { fatal: true })
  for (let at = begins; at < bytes.length; at++) {
    const text = decode(byBytes, bytes.subarray(at, at + 1))
    if (text === undefined) break
    if (text !== '') begins = at + 1
  }
  return begins
}

/** `undefined`: these bytes are none that may stand here. */
function decode(decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}

/** Where the character begins that `at` is part of: bytes that go on with one are 10xxxxxx. */
function characterStart(bytes: Uint8Array, at: number): number {
  let start = Math.max(0, at)
  while (start > 0 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--
  return start
}
