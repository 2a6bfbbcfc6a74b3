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

/** The version of a package that the benches depend on. */
export function versionOf(name: string): string {
  return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version
}
