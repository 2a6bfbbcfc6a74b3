import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's folder, absolute. */
export const root = resolve(fileURLToPath(new URL('../..', import.meta.url)))

/**
 * An absolute path inside the repository.
 *
 * @param {string[]} segments
 */
export const inRepository = (...segments) => join(root, ...segments)

/** The root package.json's fields that the launcher obeys. */
export function readManifest() {
  /** @type {{ engines: { node: string }, packageManager: string }} */
  const manifest = JSON.parse(readFileSync(inRepository('package.json'), 'utf8'))
  return manifest
}
