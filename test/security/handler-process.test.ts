import type { Said, Told } from '@flexaction/worker/isolating/messages'
import { fork } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { until } from '../harness/until.js'

const MODULE = `
import { execFileSync } from 'node:child_process'
import { common, defineAction, field } from '@flexaction/shared'
const atLoad = Object.keys(process.env)
export default defineAction({
  name: 'look',
  target: common(),
  params: { code: field.char({ secret: true }) },
  run({ params, ctx }) {
    ctx.logger.info({ given: params.code, nested: { params } }, 'it got ' + params.code)
    ctx.logger.child({ again: params.code }).warn(new Error(params.code))
    const child = execFileSync(process.execPath, ['-p', 'Object.keys(process.env).join()']).toString()
    return [...atLoad, ...Object.keys(process.env), ...child.trim().split(',')]
  },
})
`
const SECRET = 'hunter2-"of"-somebody'
const HIDDEN = ['AUTH_TOKENS', 'AUTH_TOKENS_FILE', 'OIDC_CLIENT_SECRET', 'DATA_KEY']

it(
  'shows a handler no keys or tokens in its environment, and writes its secrets into no log line',
  { timeout: 90_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'flexaction-handler-'))
    await writeFile(join(folder, 'look.mjs'), MODULE)
    const main = fileURLToPath(import.meta.resolve('@flexaction/worker/isolating/isolated-main'))
    const child = fork(main, ['look.common'], {
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env: {
        ...process.env,
        ...Object.fromEntries(HIDDEN.map((name) => [name, 'a-value-that-is-hidden'])),
        DATA_KEY: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
        ACTIONS_DIR: folder,
      },
    })
    const lines: string[] = []
    child.stdout?.on('data', (data: Buffer) => void lines.push(data.toString()))
    try {
      const told: Told = {
        ...{ kind: 'call', ids: [null], params: { code: SECRET }, attempt: 1, idempotencyKey: 'key' },
        run: { id: 'run', action: 'look', model: undefined, createdAt: new Date(0) },
        user: { name: 'ada', role: 'admin', groups: [] },
        secretFields: ['code'],
      }
      const said = await new Promise<Said>((resolve, reject) => {
        child.on('message', ({ flexaction }: { flexaction: Said }) => {
          if (flexaction.kind === 'ready') child.send(told)
          else resolve(flexaction)
        })
        child.on('exit', (code) => reject(new Error(`it ended with exit code ${code}`)))
      })
      if (said.kind !== 'returned' || said.result.kind !== 'json') throw new Error(`it said ${JSON.stringify(said)}`)
      const seen = JSON.parse(said.result.json) as string[]
      expect(seen).toContain('ACTIONS_DIR')
      expect(seen.filter((name) => HIDDEN.includes(name))).toEqual([])
      const text = await until('both lines', () => {
        const written = lines.join('')
        return written.split('\n').length > 2 && written
      })
      const levels = text
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { level: string }).level)
      expect(levels).toEqual(['info', 'warn'])
      expect(text).not.toContain('hunter2')
      expect(text).toContain('it got [secret]')
    } finally {
      child.kill('SIGKILL')
      await rm(folder, { recursive: true })
    }
  },
)
