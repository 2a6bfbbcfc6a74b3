import { type DestinationStream, type Logger, symbols } from 'pino'
import { escapeUnseen } from './escape-unseen.js'

/** A child of a logger, and of its children, whose lines pass `mask` as values. */
export function maskedLogger(logger: Logger, mask: (line: unknown) => unknown): Logger {
  const child = logger.child({}) as Logger & Record<symbol, DestinationStream>
  const stream = child[symbols.streamSym] as DestinationStream
  child[symbols.streamSym] = {
    write: (line) => stream.write(`${escapeUnseen(JSON.stringify(mask(JSON.parse(line))))}\n`),
  }
  return child
}
