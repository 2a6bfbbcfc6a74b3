import type { FileOptions } from '@flexaction/shared'
import { createLogger, maskedLogger } from '@flexaction/shared/logging'
import { SecretMask } from '@flexaction/shared/secrets'
import { forgetSecrets } from '@flexaction/shared/config'
import { readConfig } from '../config.js'
import { loadConfigured } from '../worker.js'
import type { Called } from '../running/context.js'
import { invokeHandler } from '../running/invoke-handler.js'
import { runnablesOf } from '../running/runnable-action.js'
import { asPromise, readResult, type ReadResult, readThrown } from '../values/index.js'
import { endWithParent } from '../watchdog/watchdog.js'
import type { Envelope, Said, SentResult, Told, WholeFile } from './messages.js'

// The process of isolated calls: it lives as long as its worker wants it, and calls one handler at a time.
process.on('disconnect', () => process.exit(0))
// A handler that computes without end does not hear that its worker is gone.
endWithParent()
// A stop is the worker's to decide: Ctrl-C reaches the whole group.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)

const config = readConfig(process.env)
forgetSecrets(process.env)
const logger = createLogger('worker', config.LOG_LEVEL)
const actions = runnablesOf(await loadConfigured(config))
const action = actions.find(({ published }) => published.identity === process.argv[2])
let abort = new AbortController()
// A handler may replace it.
const send = process.send?.bind(process)

process.on('message', (told: Told) => {
  if (told.kind === 'abort') abort.abort(new Error(told.reason))
  else void answer(told)
})

say({ kind: 'ready' })

async function answer(told: Told & { kind: 'call' }): Promise<void> {
  abort = new AbortController()
  const files: Promise<void>[] = []
  try {
    if (!action) throw new Error(`this worker has no action ${process.argv[2]}`)
    const returned: unknown = invokeHandler(action, told, calledBy(told, abort.signal, files))
    const promise = asPromise(returned)
    const result = await plain(readResult(promise ? await promise : returned))
    await Promise.all(files)
    say({ kind: 'returned', result })
  } catch (thrown) {
    await Promise.all(files)
    say({ kind: 'threw', failure: readThrown(thrown) })
  }
}

/** A result as plain data: its worker stores the file. */
async function plain(result: ReadResult): Promise<SentResult> {
  if (result.kind !== 'file') return result
  try {
    return { kind: 'file', ...(await wholeFile(result.options)) }
  } catch (thrown) {
    return { kind: 'failed', failure: readThrown(thrown) }
  }
}

async function wholeFile({ name, type, content, stream }: FileOptions): Promise<WholeFile> {
  const parts: Buffer[] = []
  for await (const part of stream ?? [content ?? '']) parts.push(Buffer.from(part))
  return { name, type, content: Buffer.concat(parts) }
}

/** Lines of a call's log that are sent; its worker keeps no more. */
const MOST_LINES = 1_000

function calledBy(told: Told & { kind: 'call' }, signal: AbortSignal, files: Promise<void>[]): Called {
  let lines = 0
  // All else is masked by the worker that is told of it.
  const mask = SecretMask.of(told.secretFields.map((name) => told.params[name]))
  const own = logger.child({ run: told.run.id, attempt: told.attempt, isolated: true })
  return {
    signal,
    attempt: told.attempt,
    runInfo: told.run,
    user: told.user,
    idempotencyKey: told.idempotencyKey,
    logger: mask ? maskedLogger(own, (line) => mask.value(line)) : own,
    log: (line) => {
      if (lines++ < MOST_LINES) say({ kind: 'log', line })
    },
    progress: (percent) => say({ kind: 'progress', percent }),
    settleOne: (id, ending) => {
      if (ending.kind !== 'succeeded') say({ kind: 'settled', id, ending })
      else if (ending.result.kind !== 'file') say({ kind: 'succeeded', id, result: ending.result })
      else files.push(plain(ending.result).then((result) => say({ kind: 'succeeded', id, result })))
    },
  }
}

function say(said: Said): void {
  send?.({ flexaction: said } satisfies Envelope)
}
