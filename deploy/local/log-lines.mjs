/** @type {Record<number, string>} pino's levels */
const LEVELS = { 10: 'TRACE', 20: 'DEBUG', 30: 'INFO', 40: 'WARN', 50: 'ERROR', 60: 'FATAL' }
/** @type {Record<string, number>} of the terminal */
const COLOURS = { DEBUG: 2, TRACE: 2, INFO: 32, WARN: 33, ERROR: 31, FATAL: 31 }
const NOT_SHOWN = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'name', 'v', 'app'])
/** Wide enough for `worker-64`. */
const NAME_WIDTH = 9

/**
 * A line of a child's output as people read it: `14:03:05 worker-1  INFO run settled run=r_1 items=3`. A line that is no
 * log record comes back as it is. Characters that a terminal obeys, or that change the order of a line, are shown as escapes.
 *
 * @param {string} source name of the process
 * @param {string} line
 * @param {boolean} [colour] default: no
 */
export function formatLogLine(source, line, colour = false) {
  const record = parseRecord(line)
  if (!record) return escapeUnseen(line)
  const { level, time, msg, err } = record
  const name = typeof level === 'number' ? (LEVELS[level] ?? String(level)) : escapeUnseen(String(level).toUpperCase())
  const fields = Object.entries(record)
    .filter(([key, value]) => !NOT_SHOWN.has(key) && key !== 'err' && value !== undefined)
    .map(([key, value]) => ` ${key}=${formatValue(value)}`)
  const head = `${formatTime(time)} ${source.padEnd(NAME_WIDTH)} ${paint(name.padEnd(5), COLOURS[name], colour)}`
  const text = typeof msg === 'string' ? escapeUnseen(msg) : ''
  return `${head} ${text}${paint(escapeUnseen(fields.join('')), 2, colour)}${formatError(err)}`
}

/**
 * @param {string} line
 * @returns {Record<string, unknown> | undefined}
 */
function parseRecord(line) {
  if (!line.startsWith('{')) return undefined
  try {
    const record = JSON.parse(line)
    return 'level' in record ? record : undefined
  } catch {
    return undefined
  }
}

/** @param {unknown} time ms since 1970, or ISO 8601 */
function formatTime(time) {
  const date = new Date(typeof time === 'number' || typeof time === 'string' ? time : Date.now())
  return Number.isNaN(date.getTime()) ? '--:--:--' : date.toTimeString().slice(0, 8)
}

/** @param {unknown} value */
function formatValue(value) {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}

/** @param {unknown} error as pino writes it: type, message, stack */
function formatError(error) {
  if (typeof error !== 'object' || error === null) return error === undefined ? '' : ` err=${formatValue(error)}`
  const { stack, message } = /** @type {{ stack?: unknown, message?: unknown }} */ (error)
  const text = typeof stack === 'string' ? stack : typeof message === 'string' ? message : JSON.stringify(error)
  return `\n${text
    .split('\n')
    .map((one) => `    ${escapeUnseen(one)}`)
    .join('\n')}`
}

/** Control characters (escape sequences begin with one), and marks that turn the direction of writing. */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/** @param {string} text */
function escapeUnseen(text) {
  return text.replaceAll(UNSEEN, (one) => `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
}

/** @param {string} text @param {number | undefined} code @param {boolean} colour */
function paint(text, code, colour) {
  return colour && code !== undefined && text ? `\u001b[${code}m${text}\u001b[0m` : text
}
