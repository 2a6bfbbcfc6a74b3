import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Lab } from './lab.js'

/** Where Debian puts PostgreSQL's programs, a folder per version: they are not on the PATH. */
const DEBIAN = '/usr/lib/postgresql'

export interface Postgres {
  url: string
  version: string
}

/**
 * A PostgreSQL of the bench's own, reached through a socket in its folder; stopped and removed with the bench. Its settings
 * are the defaults, fsync among them. Undefined where there is none to start.
 */
export async function startPostgres(lab: Lab): Promise<Postgres | undefined> {
  const owner = ownerOfServer()
  const programs = await findPrograms()
  if (owner === undefined || programs === undefined) return undefined
  const dir = await mkdtemp(join(tmpdir(), 'flexaction-postgres-'))
  const data = join(dir, 'data')
  const run = async (program: string, ...args: string[]): Promise<string> => {
    const [command = '', ...all] = [...owner.runAs, join(programs, program), ...args]
    return (await promisify(execFile)(command, all, { cwd: dir })).stdout
  }
  const start = async (): Promise<void> => {
    await chown(dir, owner.uid, owner.gid)
    await run('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale', 'C', '--no-sync')
    await appendFile(join(data, 'postgresql.conf'), `listen_addresses = ''\nunix_socket_directories = '${dir}'\n`)
    await run('pg_ctl', '-D', data, '-l', join(dir, 'log'), '--wait', 'start')
  }
  const starting = start()
  lab.onEnd(async () => {
    // One that is still starting cannot be stopped.
    await starting.catch(() => undefined)
    await run('pg_ctl', '-D', data, '-m', 'immediate', 'stop').catch(() => undefined)
    await rm(dir, { recursive: true, force: true })
  })
  await starting
  const version = /\d+(\.\d+)?/.exec(await run('postgres', '--version'))?.[0] ?? ''
  return { url: `postgres://postgres@/postgres?host=${dir}`, version }
}

/** PostgreSQL refuses to run as root: then it is run as the user that its package makes. Undefined without that one. */
function ownerOfServer(): { uid: number; gid: number; runAs: readonly string[] } | undefined {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  if (uid !== 0) return { uid, gid, runAs: [] }
  const [user, group] = ['-u', '-g'].map((which) => spawnSync('id', [which, 'postgres'], { encoding: 'utf8' }))
  if (user?.status !== 0 || group?.status !== 0) return undefined
  return { uid: Number(user.stdout), gid: Number(group.stdout), runAs: ['runuser', '-u', 'postgres', '--'] }
}

/** The folder of PostgreSQL's programs: the newest of Debian's, or one of the PATH. Undefined when there is none. */
async function findPrograms(): Promise<string | undefined> {
  const versions = (await readdir(DEBIAN).catch(() => [])).sort((a, b) => Number(b) - Number(a))
  const folders = [
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  return folders.find((folder) => existsSync(join(folder, 'initdb')))
}
