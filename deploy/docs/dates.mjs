import { readFile } from 'node:fs/promises'

/**
 * @typedef {object} Dates what the tests hold: test/unit/fields/dates.json
 * @property {{ title: string }[]} columns
 * @property {{ sent: string, gets: (string | null)[] }[]} rows
 */

/** Which days and instants the fields make of which texts. @param {string} file */
export async function datesTable(file) {
  const { columns, rows } = /** @type {Dates} */ (JSON.parse(await readFile(file, 'utf8')))
  const cells = [
    ['sent', ...columns.map(({ title }) => title)],
    ['', ...columns].map(() => '---'),
    ...rows.map(({ sent, gets }) => [`\`${sent}\``, ...gets.map((got) => (got === null ? 'refused' : `\`${got}\``))]),
  ]
  return cells.map((row) => `| ${row.join(' | ')} |`).join('\n')
}
