/**
 * Commands that are not numbered, because they belong to no scenario: they open a connection, ask whether it is alive, ask for
 * the time, or wait for something. The filter looks at the command's name alone, and for no script inside it: EVAL,
 * EVALSHA and FCALL always count. So does whatever a process sends at intervals by other commands: those steps are
 * background in some repetitions, and a fault at them must do no harm either.
 */
const NOISE: ReadonlySet<string> = new Set([
  // They open a connection.
  'auth', 'client', 'cluster', 'command', 'hello', 'info', 'quit', 'readonly', 'select',
  // They ask whether it is alive, or for the time.
  'echo', 'ping', 'time',
  // They wait.
  'blmove', 'blmpop', 'blpop', 'brpop', 'brpoplpush', 'bzmpop', 'bzpopmax', 'bzpopmin', 'wait', 'waitaof',
]) // prettier-ignore

/** Whether a command with these first words is not numbered. */
export function isNoise([name = '', ...args]: readonly string[]): boolean {
  const waits = /^x(read|readgroup)$/i.test(name) && args.some((word) => /^block$/i.test(word))
  return waits || NOISE.has(name.toLowerCase())
}
