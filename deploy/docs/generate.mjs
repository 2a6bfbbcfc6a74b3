// Writes what the docs and .env.example say about settings, from the code that reads them, and docs/performance.md from what
// the benches have found, and in docs/fields.md what becomes of dates, from the table that the tests hold.
//
//   pnpm generate            writes
//   pnpm generate --check    writes nothing; exit code 1 when something is out of date
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format } from 'prettier'
import { datesTable } from './dates.mjs'
import { performanceSection } from './performance.mjs'
import { composeSettings, launcherSettings, sampleSettings } from './settings-without-schema.mjs'

/** @typedef {{ name: string, defaultText: string, allowed: string, description: string }} Row a setting */
/** @typedef {Row & { readBy: string }} ReadRow */

const SETTINGS = { begin: '<!-- settings: written by `pnpm generate` -->', end: '<!-- end of settings -->' }
const DATES = { begin: '<!-- dates: written by `pnpm generate` -->', end: '<!-- end of dates -->' }
const RESULTS = { begin: '<!-- results: written by `pnpm generate` -->', end: '<!-- end of results -->' }

const SECURITY = { begin: '<!-- security cases: written by `pnpm generate` -->', end: '<!-- end of security cases -->' }

const inRepository = (/** @type {string} */ path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const check = process.argv.includes('--check')
const outdated = []
for (const [path, text] of await generate()) {
  const current = await readFile(inRepository(path), 'utf8').catch(() => '')
  if (current === text) continue
  if (check) outdated.push(path)
  else await writeFile(inRepository(path), text)
}
if (outdated.length > 0) {
  console.error(
    `Out of date with the code, with bench/results, or with the tests: ${outdated.join(', ')}. Run: pnpm generate`,
  )
  process.exit(1)
}

/** @returns {Promise<[path: string, text: string][]>} */
async function generate() {
  const rows = await allSettings()
  const table = toTable(rows)
  return [
    ['README.md', await withSection('README.md', SETTINGS, table)],
    ['docs/configuration.md', await withSection('docs/configuration.md', SETTINGS, table)],
    [
      'docs/performance.md',
      await withSection('docs/performance.md', RESULTS, await performanceSection(inRepository('bench/results'))),
    ],
    [
      'docs/fields.md',
      await withSection('docs/fields.md', DATES, await datesTable(inRepository('test/unit/fields/dates.json'))),
    ],
    ['docs/security.md', await withSection('docs/security.md', SECURITY, await securityTable())],
    ['.env.example', toEnvFile(rows)],
  ]
}

/** How many ways in are tried, by group and by what must happen. */
async function securityTable() {
  const { securityCases } = await importBuilt('test/security/cases.mjs')
  /** @type {Map<string, number>} */
  const counts = new Map()
  const cases = /** @type {import('../../test/security/cases.mjs').SecurityCase[]} */ (securityCases())
  for (const { group, must } of cases) counts.set(`${group} | ${must}`, (counts.get(`${group} | ${must}`) ?? 0) + 1)
  return [
    '| cases of test/security | what must happen | how many |',
    '| --- | --- | --- |',
    ...[...counts].map(([row, count]) => `| ${row} | ${count} |`),
    `| all | | ${cases.length} |`,
  ].join('\n')
}

/** Each setting once, with all who read it. @returns {Promise<ReadRow[]>} */
async function allSettings() {
  const [{ settingsTable }, { gatewaySettings }, { workerSettings }] = await Promise.all([
    importBuilt('packages/shared/dist/config/index.js'),
    importBuilt('apps/gateway/dist/config.js'),
    importBuilt('apps/worker/dist/config.js'),
  ])
  /** @type {Map<string, ReadRow>} */
  const rows = new Map()
  for (const [readBy, some] of /** @type {[string, Row[]][]} */ ([
    ['gateway', settingsTable(gatewaySettings)],
    ['worker', settingsTable(workerSettings)],
    ['`npm start`', launcherSettings()],
    ['`docker compose`', composeSettings(await readFile(inRepository('docker-compose.yml'), 'utf8'))],
    ['samples', sampleSettings((await importBuilt('samples/dist/lib/settings.js')).readSampleSettings)],
  ])) {
    for (const row of some) {
      const known = rows.get(row.name)
      if (known) known.readBy += `, ${readBy}`
      else rows.set(row.name, { ...row, readBy })
    }
  }
  return [...rows.values()]
}

/** @param {string} path */
async function importBuilt(path) {
  try {
    return await import(new URL(`../../${path}`, import.meta.url).href)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ERR_MODULE_NOT_FOUND') throw error
    console.error(`${path} is missing: the settings are read from the built code. Run: pnpm build`)
    return process.exit(1)
  }
}

/** @param {string} text */
function pipeless(text) {
  return text.replaceAll('|', '\\|')
}

/** @param {ReadRow[]} rows */
function toTable(rows) {
  const code = (/** @type {string} */ text) => (text === '' ? '' : `\`${pipeless(text)}\``)
  const prose = (/** @type {string} */ text) => pipeless(text).replaceAll('<', '\\<')
  const lines = rows.map(({ name, readBy, defaultText, allowed, description }) =>
    [code(name), readBy, code(defaultText), prose(allowed), prose(description)].join(' | '),
  )
  return ['Setting | Read by | Default | Allowed | What it does', '--- | --- | --- | --- | ---', ...lines]
    .map((line) => `| ${line} |`)
    .join('\n')
}

/** A file's text with the section between two marks written anew. @param {string} path @param {{ begin: string, end: string }} marks @param {string} section */
async function withSection(path, marks, section) {
  const text = await readFile(inRepository(path), 'utf8')
  const begin = text.indexOf(marks.begin)
  const end = text.indexOf(marks.end)
  if (begin < 0 || end < begin) {
    console.error(`${path} lacks its marks: ${marks.begin} and ${marks.end}, between which its section belongs`)
    process.exit(1)
  }
  const formatted = await format(section, { ...(await prettierOptions()), parser: 'markdown' })
  return `${text.slice(0, begin + marks.begin.length)}\n\n${formatted}\n${text.slice(end)}`
}

/** Every setting, commented out, with its default as the value. @param {ReadRow[]} rows */
function toEnvFile(rows) {
  const head = [
    '# Copy this file to .env and uncomment what is to differ from its default. Written by `pnpm generate`.',
    '# What the real environment sets counts more than this file.',
  ]
  const settings = rows.map(({ name, readBy, defaultText, allowed, description }) => {
    const value = /[\s<>#]/.test(defaultText) ? `"${defaultText}"` : defaultText
    return [
      `# ${description}`,
      `# Read by ${readBy.replaceAll('`', '')}; allowed: ${allowed}`,
      `# ${name}=${value}`,
    ].join('\n')
  })
  return `${[head.join('\n'), ...settings].join('\n\n')}\n`
}

async function prettierOptions() {
  return JSON.parse(await readFile(inRepository('.prettierrc.json'), 'utf8'))
}
