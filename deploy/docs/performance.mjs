import { readdir, readFile } from 'node:fs/promises'

/**
 * @typedef {object} Result what `pnpm bench` found: bench/results/<name>.json
 * @property {string} name
 * @property {string} about
 * @property {string} at the day
 * @property {string} machine
 * @property {Record<string, string>} versions
 * @property {Record<string, string>} settings
 * @property {string} unit
 * @property {Record<string, number[]>} measured by side, a value per round
 * @property {{ what: string, value: number, unit: string, atLeast?: number, atMost?: number, met: boolean }[]} goals
 * @property {string[]} notes
 */

/** The results of the benches, as a section of docs/performance.md. @param {string} folder */
export async function performanceSection(folder) {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  const results = await Promise.all(
    files.map(async (file) => /** @type {Result} */ (JSON.parse(await readFile(`${folder}/${file}`, 'utf8')))),
  )
  return [goalsTable(results), ...results.map(details)].join('\n\n')
}

/** @param {Result[]} results */
function goalsTable(results) {
  const rows = results.flatMap(({ name, goals }) =>
    goals.map(({ what, value, unit, atLeast, atMost, met }) => {
      const bound = atLeast === undefined ? `≤ ${atMost} ${unit}` : `≥ ${atLeast} ${unit}`
      return `| [${name}](#${name}) | ${what} | ${readable(value)} ${unit} | ${bound} | ${met ? 'yes' : '**no**'} |`
    }),
  )
  return ['| bench | what | measured | must be | reached |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')
}

/** @param {Result} result */
function details({ name, about, at, machine, versions, settings, unit, measured, notes }) {
  const list = (/** @type {Record<string, string>} */ values) =>
    Object.entries(values)
      .map((entry) => entry.join(' '))
      .join(', ')
  const rows = Object.entries(measured).map(
    ([side, values]) => `| ${side} | ${readable(median(values))} | ${values.map(readable).join(' · ')} |`,
  )
  const head = [`### ${name}`, '', `${about[0]?.toUpperCase()}${about.slice(1)}.`, '']
  const table = [`| in ${unit} | median | each round |`, '| --- | --- | --- |', ...rows, '']
  const foot = notes.map((note) => `- ${note}`)
  return [...head, ...table, ...foot, `- ${at}; ${machine}; ${list(versions)}; ${list(settings)}`].join('\n')
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const half = (sorted.length - 1) / 2
  return ((sorted[Math.floor(half)] ?? NaN) + (sorted[Math.ceil(half)] ?? NaN)) / 2
}

/** Three significant digits. @param {number} value */
function readable(value) {
  const rounded = Number(value.toPrecision(3))
  return Math.abs(rounded) >= 1_000 ? rounded.toLocaleString('en-US') : String(rounded)
}
