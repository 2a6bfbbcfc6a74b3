import { ActionError, type FileOptions, type RecordId } from '@flexaction/shared'
import { isFileResult } from '@flexaction/shared/definitions'
import { createLogger } from '@flexaction/shared/logging'
import { readConfig } from '../config.js'
import { loadConfigured } from '../worker.js'
import type { Called } from '../running/context.js'
import { invokeHandler } from '../running/invoke-handler.js'
import { resultJson } from '../running/result-json.js'
import { runnablesOf } from '../running/runnable-action.js'
import type { OneEnding } from '../running/running-batch.js'
import type { Said, Thrown, Told, WholeFile } from './messages.js'

// The process of isolated calls: it lives as long as its worker wants it, and calls one handler at a time.
process.on('disconnect', () => process.exit(0))
// A stop is the worker's to decide: Ctrl-C reaches the whole group.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)

const config = readConfig(process.env)
const logger = createLogger('worker', config.LOG_LEVEL)
const actions = runnablesOf(await loadConfigured(config))
const action = actions.find(({ published }) => published.identity === process.argv[2])
let abort = new AbortController()

process.on('message', (told: Told) => {
  if (told.kind === 'abort') abort.abort(new Error(told.reason))
  else void answer(told)
})

async function answer(told: Told & { kind: 'call' }): Promise<void> {
  abort = new AbortController()
  const files: Promise<void>[] = []
  try {
    if (!action) throw new Error(`this worker has no action ${process.argv[2]}`)
    const result: unknown = await invokeHandler(action, told, calledBy(told, abort.signal, files))
    await Promise.all(files)
    if (isFileResult(result)) say({ kind: 'returned file', ...(await wholeFile(result.options)) })
    else say({ kind: 'returned', json: resultJson(result) })
  } catch (error) {
    await Promise.all(files)
    say({ kind: 'threw', error: takeApart(error) })
  }
}

/** Its worker stores it. */
async function wholeFile({ name, type, content, stream }: FileOptions): Promise<WholeFile> {
  const parts: Buffer[] = []
  for await (const part of stream ?? [content ?? '']) parts.push(Buffer.from(part))
  return { name, type, content: Buffer.concat(parts) }
}

function calledBy(told: Told & { kind: 'call' }, signal: AbortSignal, files: Promise<void>[]): Called {
  return {
    signal,
    attempt: told.attempt,
    runInfo: told.run,
    user: told.user,
    idempotencyKey: told.idempotencyKey,
    logger: logger.child({ run: told.run.id, attempt: told.attempt, isolated: true }),
    log: (line) => say({ kind: 'log', line }),
    progress: (percent) => say({ kind: 'progress', percent }),
    settleOne: (id, ending) => {
      if (ending.kind === 'succeeded' && isFileResult(ending.result))
        files.push(
          wholeFile(ending.result.options)
            .then((file): Said => ({ kind: 'succeeded with a file', id, ...file }))
            .catch((error: unknown): Said => ({ kind: 'failed', id, why: takeApart(error) }))
            .then(say),
        )
      else say(settled(id, ending))
    },
  }
}

function settled(id: RecordId, ending: OneEnding): Said {
  if (ending.kind === 'succeeded') {
    try {
      return { kind: 'succeeded', id, json: resultJson(ending.result) }
    } catch (error) {
      return { kind: 'failed', id, why: takeApart(error) }
    }
  }
  if (ending.kind === 'skipped') return { kind: 'skipped', id, why: ending.why }
  return { kind: 'failed', id, why: typeof ending.why === 'string' ? ending.why : takeApart(ending.why) }
}

function takeApart(error: unknown): Thrown {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return { message, stack, ...(ActionError.is(error) && { refusal: { fields: error.fields ?? null } }) }
}

function say(said: Said): void {
  process.send?.(said)
}
