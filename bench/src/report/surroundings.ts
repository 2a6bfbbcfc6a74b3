import { createRequire } from 'node:module'
import { cpus, release, totalmem, type } from 'node:os'
import type { Lab } from '../lab/lab.js'

/** Where and with what something was measured. */
export interface Surroundings {
  machine: string
  versions: Record<string, string>
  settings: Record<string, string>
}

const PACKAGES = ['bullmq', 'ioredis', 'koa'] as const

export async function surroundings(lab: Lab): Promise<Surroundings> {
  const [first, ...others] = cpus()
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  const require = createRequire(import.meta.url)
  const versionOf = (name: string): string => (require(`${name}/package.json`) as { version: string }).version
  return {
    machine: `${1 + others.length} × ${first?.model.trim() ?? 'CPU'}, ${gibibytes} GiB, ${type()} ${release()}`,
    versions: {
      Node: process.versions.node,
      Redis: await lab.redis.version(),
      ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    },
    settings: { appendonly: 'yes', appendfsync: 'everysec', gateways: '1' },
  }
}
