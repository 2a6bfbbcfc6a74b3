import { spawn } from 'node:child_process'
import { signalGroup } from './signals.mjs'
import { errorCode } from './start-problem.mjs'

/** Output kept of one command, in characters; the beginning goes first. */
const OUTPUT_LIMIT = 64_000
/** Time that an aborted command has to end by itself, in ms. */
const ABORT_GRACE = 2_000

/**
 * Runs a command to its end in its own process group, without input, and returns its exit code (127: no such command;
 * 128: ended by a signal) and its output, stdout and stderr together. When `signal` aborts, the whole group is ended and
 * the signal's reason is thrown.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal | undefined, passOutput?: boolean }} [options]
 *   `passOutput` lets the command write to our own stdout and stderr instead of keeping its output
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function runCommand(command, args, { cwd, env, signal, passOutput = false } = {}) {
  signal?.throwIfAborted()
  const output = passOutput ? 'inherit' : 'pipe'
  const child = spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: env ?? process.env,
    detached: true,
    stdio: ['ignore', output, output],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk) => {
      text = (text + chunk).slice(-OUTPUT_LIMIT)
    })
  }
  /** @type {NodeJS.Timeout | undefined} */
  let force
  const abort = () => {
    signalGroup(child.pid, 'SIGINT')
    force = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), ABORT_GRACE)
  }
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', (error) => (errorCode(error) === 'ENOENT' ? resolve(127) : reject(error)))
      child.once('close', (exitCode) => resolve(exitCode ?? 128))
    })
    signal?.throwIfAborted()
    return { code, output: text }
  } finally {
    clearTimeout(force)
    signal?.removeEventListener('abort', abort)
    signalGroup(child.pid, 'SIGKILL')
  }
}

/**
 * The last lines of a command's output that tell a person something, without npm's own noise, and with the hosts of URLs
 * removed: they may carry passwords and a company's internal names.
 *
 * @param {string} output
 * @param {number} [count] lines; default 12
 */
export function lastUsefulLines(output, count = 12) {
  return output
    .split('\n')
    .map((line) => line.trimEnd().replace(/https?:\/\/[^\s/"']+/g, '<registry>'))
    .filter((line) => line && !/^npm (warn|notice)\b|^Progress: |^\s+at .*node:internal/i.test(line))
    .slice(-count)
    .map((line) => `  ${line}`)
    .join('\n')
}
