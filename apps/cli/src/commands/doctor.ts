import { Command, InvalidArgumentError } from 'commander'
import { type Finding, examine } from '../doctor/examine.js'
import { printFindings } from '../doctor/print.js'

interface DoctorOptions {
  token?: string
  execute?: string
  ids?: string
  json?: true
}

/** Longest time of one question, in ms. */
const ANSWER_WITHIN_MS = 10_000

/**
 * `flexaction doctor <url>`: whether a server speaks the messages protocol as Jet Admin needs it, ours or another. Exit codes:
 * 0 all is well, 1 something is not, 2 called the wrong way.
 */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Checks whether a server speaks the messages protocol as Jet Admin needs it, and says what a fix would be.',
    )
    .argument('<url>', "the Messages URL, as in Jet Admin's project settings", readUrl)
    .option('--token <token>', 'token to authenticate with (default: FLEXACTION_TOKEN)')
    .option('--execute <action>', 'also executes this action, which may change things; otherwise nothing is executed')
    .option('--ids <ids>', 'the records to execute it on, joined by commas')
    .option('--json', 'prints the findings as JSON')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .action(async (url: URL, options: DoctorOptions, command: Command) => {
      const { token = process.env.FLEXACTION_TOKEN, execute: action, ids, json } = options
      if (ids !== undefined && action === undefined) command.error('error: --ids says what --execute is for: give both')
      const findings: Finding[] = []
      const execute = action === undefined ? undefined : { action, ids }
      for await (const finding of examine({ url, token, execute, answerWithinMs: ANSWER_WITHIN_MS })) {
        findings.push(finding)
        if (!json) printFindings([finding], process.stdout)
      }
      const failed = findings.filter(({ outcome }) => outcome === 'failed').length
      if (json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`)
      else {
        const counted = (outcome: Finding['outcome']): number =>
          findings.filter((one) => one.outcome === outcome).length
        const summary = `${counted('passed')} passed, ${failed} failed, ${counted('note')} noted, ${counted('skipped')} skipped`
        process.stdout.write(`\n${summary}\n`)
      }
      process.exitCode = failed > 0 ? 1 : 0
    })
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new InvalidArgumentError('give a whole address, such as https://actions.example.com/api/messages/')
  return url
}
