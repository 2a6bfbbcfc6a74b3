// Builds the console into dist, with compressed copies beside the files. Does nothing when nothing has changed.
import { createHash } from 'node:crypto'
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const here = dirname(fileURLToPath(import.meta.url))
const dist = join(here, 'dist')
const mark = join(dist, '.inputs')
const COMPRESSED = /\.(?:js|css|html|svg|json)$/

const inputs = await hashInputs()
if ((await readFile(mark, 'utf8').catch(() => '')) !== inputs) {
  await rm(mark, { force: true })
  const { build } = await import('vite')
  await build({ root: here, configFile: join(here, 'vite.config.mjs'), logLevel: 'warn' })
  for (const file of await filesIn(dist)) if (COMPRESSED.test(file)) await compress(file)
  await writeFile(mark, inputs)
}

/** What the outcome depends on. */
async function hashInputs() {
  const hash = createHash('sha256')
  const files = ['index.html', 'vite.config.mjs', 'build.mjs', 'package.json'].map((name) => join(here, name))
  for (const folder of ['src', 'public']) files.push(...(await filesIn(join(here, folder))))
  files.push(...(await filesIn(join(here, '../../packages/client/src'))))
  for (const file of files.sort()) hash.update(`\0${relative(here, file)}\0`).update(await readFile(file))
  return hash.digest('hex')
}

/** @param {string} folder */
async function filesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** @param {string} file */
async function compress(file) {
  const content = await readFile(file)
  const best = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }
  await writeFile(`${file}.br`, await promisify(brotliCompress)(content, best))
  await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }))
}
