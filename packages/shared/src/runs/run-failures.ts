import { failureFingerprint } from './failure-fingerprint.js'
import { type ItemError, SAFE_FAILURE_TEXT } from './run.js'

/** Records that are named with a kind of failure. */
const MOST_RECORDS = 5
/** Characters of an example, and of a record's id. */
const MOST_EXAMPLE = 500
const MOST_ID = 100

/** What is stored with a kind of failure when it is met first. */
interface Sample {
  example: string
  unexpected?: true
  records: (string | number)[]
}

/** Failures of one kind that are recorded together: fingerprint, count, sample as JSON. */
export type CountedFailures = [fingerprint: string, count: number, sampleJson: string]

/** Failures with one cause, as the API shows them. Times are ISO 8601. */
export interface FailureGroup {
  /** The fingerprint: what names the group in other requests. */
  failure: string
  count: number
  /** One of the messages. */
  example: string
  first: string
  last: string
  /** A few of the records. */
  records: (string | number)[]
}

export interface FailureGroups {
  /** Most frequent first. */
  groups: FailureGroup[]
  /** Failures of further kinds: 50 are kept apart. */
  other: number
}

/** Gathers failures by their fingerprint. */
export function countFailures(failures: readonly ItemError[]): CountedFailures[] {
  const groups = new Map<string, { count: number; sample: Sample }>()
  for (const { message, kind, id } of failures) {
    const fingerprint = failureFingerprint(message)
    const group = groups.get(fingerprint) ?? {
      count: 0,
      sample: {
        example: message.slice(0, MOST_EXAMPLE),
        ...(kind === 'unexpected' && { unexpected: true as const }),
        records: [],
      },
    }
    groups.set(fingerprint, group)
    group.count++
    if (id !== undefined && String(id).length <= MOST_ID && group.sample.records.length < MOST_RECORDS)
      group.sample.records.push(id)
  }
  return [...groups].map(([fingerprint, { count, sample }]) => [fingerprint, count, JSON.stringify(sample)])
}

/** Reads the hash of a run's failures. `forOperators`: else all unexpected ones are one group, with a safe text. */
export function parseFailures(hash: Readonly<Record<string, string>>, forOperators: boolean): FailureGroups {
  const read = Object.entries(hash).map(([failure, text]) => parseGroup(failure, text, forOperators))
  const other = read.find(({ failure }) => failure === '')?.count ?? 0
  return { groups: mergeGroups(read.filter(({ failure }) => failure !== '')), other }
}

/** Adds groups of several runs, or of several kinds that look the same to the caller, up. */
export function mergeGroups(groups: readonly FailureGroup[]): FailureGroup[] {
  const merged = new Map<string, FailureGroup>()
  for (const group of groups) {
    const known = merged.get(group.failure)
    merged.set(
      group.failure,
      known
        ? {
            ...known,
            count: known.count + group.count,
            first: known.first < group.first ? known.first : group.first,
            last: known.last > group.last ? known.last : group.last,
            records: [...known.records, ...group.records].slice(0, MOST_RECORDS),
          }
        : group,
    )
  }
  return [...merged.values()].sort((a, b) => b.count - a.count)
}

function parseGroup(fingerprint: string, text: string, forOperators: boolean): FailureGroup {
  const [, count = '0', first = '0', last = '0', json = ''] = /^(\d+)\|(\d+)\|(\d+)\|(.*)$/s.exec(text) ?? []
  const sample = (json === '' ? { example: '', records: [] } : JSON.parse(json)) as Sample
  const safe = sample.unexpected && !forOperators
  return {
    failure: safe ? SAFE_FAILURE_TEXT : fingerprint,
    count: Number(count),
    example: safe ? SAFE_FAILURE_TEXT : sample.example,
    first: new Date(Number(first)).toISOString(),
    last: new Date(Number(last)).toISOString(),
    records: sample.records,
  }
}
