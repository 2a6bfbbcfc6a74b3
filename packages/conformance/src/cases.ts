import { readdirSync, readFileSync } from 'node:fs'

export interface CaseRequest {
  /** Default POST. */
  method?: string
  /** Default /api/messages/. */
  path?: string
  /** Added to a JSON content type and the admin's token; `null` leaves one out. */
  headers?: Record<string, string | null>
  /** The message's name and params … */
  message?: [name: string, params?: unknown]
  /** … or the body as it stands. */
  raw?: string
}

/** Texts may be markers: `<run id>`, `<iso time>`, `<run path>`, or `~pattern`. */
export interface CaseAnswer {
  status: number
  /** These at least; `null`: must be absent. */
  headers?: Record<string, string | null>
  /** The whole body: a text, or JSON. Default: anything. */
  body?: unknown
}

/** One exchange of the protocol. */
export interface Case {
  name: string
  /** Where PROTOCOL.md says so. Default: the section that the file is named after. */
  source?: string
  request: CaseRequest
  answer: CaseAnswer
  /** Set for exchanges that are harmless and expected of any server that speaks the protocol. */
  anywhere?: {
    /** What mends it. */
    fix: string
    /** What another server must answer, where ours says more. */
    answer?: CaseAnswer
    /** Jet Bridge is known to do otherwise, as this says. */
    jetBridge?: string
  }
}

export type AnywhereCase = Case & { anywhere: NonNullable<Case['anywhere']> }

const FOLDER = new URL('../cases/', import.meta.url)

/** All cases, by file. */
export function readCases(): { file: string; cases: Case[] }[] {
  return readdirSync(FOLDER)
    .sort()
    .map((file) => ({ file, cases: JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Case[] }))
}

/** Those that may be tried on any server. */
export function casesForAnywhere(): AnywhereCase[] {
  return readCases().flatMap(({ cases }) => cases.filter((one): one is AnywhereCase => one.anywhere !== undefined))
}
