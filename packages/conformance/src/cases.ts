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

/** Texts may be markers, such as `<run id>` (`differences.ts` has them all), or patterns: `~…`. */
export interface CaseAnswer {
  status: number
  /** Beyond those that `usualHeaders` knows of. */
  headers?: Record<string, string>
  /** The whole body: a text, or JSON. */
  body: unknown
}

/** What any server must answer: what is not named may be as it likes. */
export interface LooseAnswer {
  /** A status, or a marker. */
  status?: number | string
  /** These at least. */
  headers?: Record<string, string>
  /** A text, or JSON; objects may have more keys. */
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
    /** What another server must answer. */
    answer: LooseAnswer
    /** It needs no token: the request carries none, or a wrong one. */
    tokenless?: true
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
