import { result } from '@flexaction/shared'
import { isFileResult } from '@flexaction/shared/definitions'
import { createLogger } from '@flexaction/shared/logging'
import { Isolation } from '@flexaction/worker/isolating/isolated-process'
import type { Call } from '@flexaction/worker/running/call'
import type { OneEnding } from '@flexaction/worker/running/context'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'

const MODULE = `
import { defineAction, records, result } from '@flexaction/shared'
async function* broken() {
  yield 'some'
  throw new Error('the disk is full')
}
export default defineAction({
  name: 'pack',
  target: records('users', { bulk: true }),
  run({ ids: [first], ctx }) {
    ctx.succeed(1, result.file({ name: 'one.txt', type: 'text/plain', content: 'one' }))
    ctx.succeed(2, result.message('two'))
    ctx.succeed(3, 'x'.repeat(300000))
    ctx.succeed(4, result.file({ name: 'four.txt', stream: broken() }))
    ctx.skip(5, 'not today')
    if (first === 'throw') throw new Error('boom')
    return result.file({ name: 'all.txt', content: 'all' })
  },
})
`

afterEach(() => vi.unstubAllEnvs())

function shown(ending: OneEnding): unknown {
  if (ending.kind === 'skipped') return `skipped: ${ending.message}`
  const result = ending.kind === 'succeeded' ? ending.result : ending
  if ('failure' in result) return `${result.failure.kind}: ${result.failure.message}`
  if (result.kind === 'file') return { ...result.options, content: String(result.options.content) }
  return result.kind === 'json' ? result.json : undefined
}

it('brings what an isolated handler says of each id, files included, before its end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'flexaction-isolating-'))
  await writeFile(join(folder, 'pack.mjs'), MODULE)
  vi.stubEnv('ACTIONS_DIR', folder)
  const isolation = new Isolation(createLogger('test', 'silent'))
  const isolated = isolation.spawn('pack.records.users')
  try {
    for (const first of ['return', 'throw']) {
      const said: unknown[] = []
      const settleOne = (id: unknown, ending: OneEnding): void => {
        said.push([id, shown(ending)])
      }
      const call = {
        input: { ids: [first], params: {} },
        secretFields: [],
        attempt: 1,
        idempotencyKey: 'key',
        runInfo: { id: 'run', action: 'pack', model: 'users', createdAt: new Date(0) },
        user: { name: 'ada', role: 'admin', groups: [] },
        signal: new AbortController().signal,
        settleOne,
      }

      const ending = await isolated.call(call as unknown as Call).catch((error: Error) => error.message)

      expect(said.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual([
        [1, { name: 'one.txt', type: 'text/plain', content: 'one' }],
        [2, JSON.stringify(result.message('two'))],
        [
          3,
          'refused: the result is too large: 300002 characters of JSON, at most 256000 are kept; return result.file(…) instead',
        ],
        [4, 'unexpected: the disk is full'],
        [5, 'skipped: not today'],
      ])
      if (first === 'throw') expect(ending).toBe('boom')
      else expect(isFileResult(ending) && String(ending.options.content)).toBe('all')
    }
  } finally {
    isolated.kill()
    await rm(folder, { recursive: true })
  }
})
