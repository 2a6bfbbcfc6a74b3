import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { Finding } from './examine.js'

const SIGNS = { passed: ['✓', 'green'], failed: ['✗', 'red'], note: ['!', 'yellow'], skipped: ['-', 'gray'] } as const

/** One line per finding, and below what failed: what was seen, and what a fix would be. */
export function printFindings(findings: readonly Finding[], stream: NodeJS.WriteStream): void {
  const plain = !stream.isTTY || (process.env.NO_COLOR ?? '') !== '' || !(stream as WriteStream).hasColors()
  for (const { name, outcome, seen, fix } of findings) {
    const [sign, color] = SIGNS[outcome]
    stream.write(`${plain ? sign : styleText(color, sign)} ${name}\n`)
    for (const line of seen) stream.write(`    ${line}\n`)
    if (fix !== undefined) stream.write(`    Fix: ${fix}\n`)
  }
}
