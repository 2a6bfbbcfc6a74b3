// Checks, without Docker, that the image would work: follows the Dockerfile into a temporary folder, looks at what the image
// would hold, and starts a gateway and a worker there on a Redis of their own.
//
//   node deploy/check-image.mjs          says each step; exit code 1 and the reason when one fails
import { execFileSync, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startEmbeddedRedis } from './local/embedded-redis.mjs'
import { chooseFreePort } from './local/free-port.mjs'
import { root } from './local/repository.mjs'
import { signalGroup } from './local/signals.mjs'

const BUILD_STEP = 'sh deploy/image/build-tree.sh /app'
/** Longest time until a role is ready, and until it has ended, in ms. */
const DEADLINE = 30_000
const TOKEN = 'token-of-the-check'

/** Packages that only developers need, and files that no image should hold; the samples are loaded as they were written. */
const UNWANTED_PACKAGES = /^(typescript|@typescript\+|vitest|oxlint|knip|prettier|fast-check|smtp-server)/
const UNWANTED_FILES = /(^|\/)(src|test|\.git|\.data|\.env)(\/|$)|^(?!samples\/).*\.ts$|\.tsbuildinfo$/

/** An action as users would mount it, in TypeScript and without packages of its own. */
const MOUNTED_ACTION = `
import { ActionError, common, defineAction, field } from 'flexaction'

export default defineAction({
  name: 'greet',
  target: common(),
  params: { name: field.char() },
  run: ({ params }): { greeting: string } => {
    if (params.name === '') throw new ActionError({ name: 'who is it?' })
    return { greeting: \`Hello, \${params.name}\` }
  },
})
`

const work = await realpath(await mkdtemp(join(tmpdir(), 'flexaction-image-')))
/** @type {(() => Promise<unknown>)[]} what undoes each step */
const releases = [() => rm(work, { recursive: true, force: true })]
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void undo().then(() => process.exit(130)))
try {
  await checkImage()
  say('The image would work.')
} catch (error) {
  say(`The image would not work: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  await undo()
}

async function undo() {
  for (let release = releases.pop(); release; release = releases.pop()) await release()
}

async function checkImage() {
  const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8')
  const app = join(work, 'app')

  say('Building the tree as the Dockerfile does')
  await copyContext(dockerfile, join(work, 'build'))
  if (!dockerfile.includes(`RUN ${BUILD_STEP}`)) throw new Error(`the Dockerfile no longer says RUN ${BUILD_STEP}`)
  run('sh', ['deploy/image/build-tree.sh', app], join(work, 'build'))
  await rm(join(work, 'build'), { recursive: true })

  say('Looking at what it holds')
  await checkContents(app)

  say('Starting Redis, a gateway and two workers')
  const redis = await startEmbeddedRedis({ dataDir: join(work, 'redis') })
  releases.push(() => redis.stop())
  const env = {
    PATH: process.env.PATH,
    ...imageEnvironment(dockerfile),
    REDIS_URL: redis.url,
    DATA_DIR: join(work, 'data'),
    AUTH_TOKENS: `check:operator:${TOKEN}`,
    PORT: String(await chooseFreePort()),
  }
  await mkdir(join(work, 'actions'))
  await writeFile(join(work, 'actions', 'greet.ts'), MOUNTED_ACTION)
  const roles = [
    start(app, 'gateway', env),
    start(app, 'worker', { ...env, HEALTH_PORT: String(await chooseFreePort()) }),
    start(app, 'worker', {
      ...env,
      HEALTH_PORT: String(await chooseFreePort()),
      WORKER_GROUP: 'mounted',
      ACTIONS_DIR: join(work, 'actions'),
    }),
  ]
  await Promise.all(roles.map((role) => role.healthy()))

  say('Running actions')
  const ids = [1, 2, 3]
  await expectAnswer(env.PORT, 'mail_users', { model: 'users', ids, params: { subject: 'Hello' } }, { result: true })
  await expectAnswer(env.PORT, 'greet', { params: { name: 'Ada' } }, { greeting: 'Hello, Ada' })
  const mails = await readdir(join(work, 'data', 'outbox'))
  if (mails.length !== ids.length)
    throw new Error(`${ids.length} mails were sent, but ${mails.length} are in the outbox`)

  say('Stopping')
  for (const role of roles) await role.stop()

  const unguarded = start(app, 'gateway', { ...env, AUTH_TOKENS: '' })
  if ((await unguarded.gone) === 0) throw new Error('a gateway without AUTH_TOKENS started')
}

/**
 * Copies what the build stage's COPY lines name, without what .dockerignore keeps out.
 *
 * @param {string} dockerfile @param {string} target
 */
async function copyContext(dockerfile, target) {
  const ignored = (await readFile(join(root, '.dockerignore'), 'utf8'))
    .split('\n')
    .filter((line) => /^[^#\s]/.test(line))
  if (ignored.some((pattern) => pattern.startsWith('!')))
    throw new Error('.dockerignore: patterns with ! are not read here')
  const patterns = ignored.map(toRegExp)
  const copies = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].map((match) => (match[1] ?? '').split(/\s+/))
  if (copies.length === 0) throw new Error('the Dockerfile copies nothing from the repository')
  for (const [...sources] of copies) {
    const place = sources.pop() ?? ''
    for (const source of sources) {
      const destination = place.endsWith('/') ? join(target, place, source) : join(target, place)
      await cp(join(root, source), destination, {
        recursive: true,
        filter: (path) => !patterns.some((pattern) => pattern.test(relative(root, path).replaceAll(sep, '/'))),
      })
    }
  }
}

/** @param {string} pattern of .dockerignore, such as a name, two stars and a name, or a name with one star */
function toRegExp(pattern) {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/^\*\*\//, '(.*/)?')
    .replaceAll(/(?<!\.)\*/g, '[^/]*')
  return new RegExp(`^${source}$`)
}

/** @param {string} app */
async function checkContents(app) {
  const packages = await readdir(join(app, 'node_modules', '.pnpm'))
  const unwanted = packages.filter((name) => UNWANTED_PACKAGES.test(name))
  if (unwanted.length > 0) throw new Error(`it holds packages that only developers need: ${unwanted.join(', ')}`)

  const files = []
  for (const entry of await readdir(app, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isSymbolicLink()) {
      const leadsTo = await realpath(path).catch(() => undefined)
      if (!leadsTo?.startsWith(app))
        throw new Error(`${relative(app, path)} is a link that leads nowhere inside the image`)
    } else if (!path.includes('node_modules')) files.push(relative(app, path))
  }
  const stray = files.filter((path) => UNWANTED_FILES.test(path))
  if (stray.length > 0) throw new Error(`it holds ${stray.length} development files, such as ${stray[0]}`)
  const scripts = (await readdir(join(root, 'packages/shared/lua'))).filter((name) => name.endsWith('.lua'))
  const missing = scripts.filter((name) => !files.includes(join('packages/shared/lua', name)))
  if (missing.length > 0) throw new Error(`Lua scripts are missing: ${missing.join(', ')}`)
}

/** What ENV sets in the Dockerfile's last stage. @param {string} dockerfile @returns {Record<string, string>} */
function imageEnvironment(dockerfile) {
  return Object.fromEntries([...dockerfile.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]))
}

/**
 * Starts one role as a container would.
 *
 * @param {string} app @param {'gateway' | 'worker'} role @param {NodeJS.ProcessEnv} env
 */
function start(app, role, env) {
  // In a group of its own: whatever it leaves behind is ended with it.
  const child = spawn('sh', ['deploy/image/entrypoint.sh', role], {
    cwd: app,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  /** @type {Promise<number | null>} */
  const gone = new Promise((resolve) => child.once('exit', resolve))
  releases.push(async () => {
    signalGroup(child.pid, 'SIGKILL')
    await gone
  })
  return {
    gone,

    /** Returns when the image's own HEALTHCHECK is content. */
    async healthy() {
      // A worker shares its machine with nobody: it finds no gateway on PORT.
      const checked = role === 'worker' ? { ...env, PORT: '1' } : env
      for (const giveUp = Date.now() + DEADLINE; ; await delay(200)) {
        try {
          execFileSync(process.execPath, ['deploy/image/healthcheck.mjs'], { cwd: app, env: checked, stdio: 'pipe' })
          return
        } catch (error) {
          if (child.exitCode !== null)
            throw new Error(`the ${role} ended by itself. Its output:\n${output}`, { cause: error })
          if (Date.now() < giveUp) continue
          const { stdout } = /** @type {{ stdout?: Buffer }} */ (error)
          throw new Error(`the ${role} did not become healthy: ${String(stdout)}. Its output:\n${output}`, {
            cause: error,
          })
        }
      }
    },

    /** SIGTERM must reach the program and end it in order. */
    async stop() {
      child.kill('SIGTERM')
      const code = await Promise.race([gone, delay(DEADLINE, 'late', { ref: false })])
      if (code !== 0) throw new Error(`the ${role} did not stop in order (${code}). Its output:\n${output}`)
    },
  }
}

/** @param {string | undefined} port @param {string} name @param {object} params @param {object} expected */
async function expectAnswer(port, name, params, expected) {
  const answer = await fetch(`http://127.0.0.1:${port}/api/messages/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Token ${TOKEN}` },
    body: JSON.stringify({ name: 'execute_action', params: { name, ...params } }),
  })
  const body = await answer.text()
  if (answer.status !== 201 || body !== JSON.stringify(expected))
    throw new Error(`${name} was answered ${answer.status} ${body}, expected 201 ${JSON.stringify(expected)}`)
}

/** @param {string} command @param {string[]} args @param {string} cwd */
function run(command, args, cwd) {
  try {
    execFileSync(command, args, { cwd, stdio: 'pipe' })
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout?: Buffer, stderr?: Buffer }} */ (error)
    throw new Error(`${command} ${args.join(' ')} failed:\n${String(stdout)}${String(stderr)}`, { cause: error })
  }
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`)
}
