import { existsSync } from 'node:fs'
import { readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { inRepository } from './repository.mjs'

const OUTPUT = /\.(?:js|js\.map|d\.ts|d\.ts\.map)$/

/** The folders that `tsc -b` builds, each with `dist`, as the root tsconfig.json names them. */
export async function compiledProjects() {
  const config = await readFile(inRepository('tsconfig.json'), 'utf8')
  return [...config.matchAll(/"path":\s*"([^"]+)"/g)].map((match) => inRepository(match[1] ?? ''))
}

/**
 * Removes outputs whose source is gone. The compiler leaves them, and a worker would go on offering an action that its
 * author has deleted.
 */
export async function removeStaleOutputs() {
  for (const project of await compiledProjects()) {
    if (!existsSync(join(project, 'src'))) continue
    const outputs = await readdir(join(project, 'dist'), { recursive: true }).catch(() => [])
    for (const output of outputs) {
      if (!OUTPUT.test(output)) continue
      const source = join(project, 'src', output.replace(OUTPUT, ''))
      if (!existsSync(`${source}.ts`) && !existsSync(`${source}.tsx`)) await rm(join(project, 'dist', output))
    }
  }
}
