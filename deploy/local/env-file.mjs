import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { StartProblem, errorCode, shortReason } from './start-problem.mjs'

/**
 * The variables of a `.env` file; none when there is no file. Node's parser skips lines that it does not understand, so
 * that a slip would silently become a default: here the first one is a StartProblem that names file, line and remedy.
 *
 * @param {string} path
 * @returns {Record<string, string>}
 */
export function readEnvFile(path) {
  let text
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {}
    throw new StartProblem(`${path} cannot be read (${shortReason(error)}).`, 'Make it a readable file, or remove it.')
  }
  const slip = findSlip(text)
  if (slip) throw new StartProblem(`${path}, line ${slip.line}: ${slip.what}.`, slip.remedy)
  return /** @type {Record<string, string>} */ (parseEnv(text))
}

/**
 * The first line that is not understood. Values are never repeated here: they may be secrets.
 *
 * @param {string} text
 * @returns {{ line: number, what: string, remedy: string } | undefined}
 */
function findSlip(text) {
  const lines = text.split(/\r?\n/)
  for (let index = 0; index < lines.length; index++) {
    const content = (lines[index] ?? '').trim()
    const line = index + 1
    if (content === '' || content.startsWith('#')) continue
    const assignment = /^(?:export\s+)?([^=]*?)\s*=\s*(.*)$/.exec(content)
    if (!assignment)
      return {
        line,
        what: 'this line has no "="',
        remedy: 'Write NAME=value, or begin the line with # to make it a comment.',
      }
    const [, name = '', value = ''] = assignment
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      const what =
        name === '' ? 'there is no name before "="' : `the name before "=" may hold only letters, digits and _`
      return { line, what, remedy: 'Write NAME=value, for example PORT=8080.' }
    }
    const quote = value[0]
    if (quote !== '"' && quote !== "'" && quote !== '`') continue
    const closing = closeQuote(lines, index, value.slice(1), quote)
    if (!closing)
      return {
        line,
        what: `the value of ${name} opens with ${quote} and never closes it`,
        remedy: `Add the closing ${quote}.`,
      }
    if (!/^\s*(#.*)?$/.test(closing.rest)) {
      const remedy = 'Move the closing quote to the end of the value, or put # before a comment.'
      return { line: closing.index + 1, what: `there is text after the closing ${quote} of ${name}`, remedy }
    }
    index = closing.index
  }
  return undefined
}

/**
 * Where a quoted value, which may go on over several lines, closes.
 *
 * @param {string[]} lines
 * @param {number} index line on which it opens
 * @param {string} rest of that line, after the opening quote
 * @param {string} quote
 */
function closeQuote(lines, index, rest, quote) {
  for (let current = index; current < lines.length; current++) {
    const text = current === index ? rest : (lines[current] ?? '')
    const end = text.indexOf(quote)
    if (end >= 0) return { index: current, rest: text.slice(end + 1) }
  }
  return undefined
}
