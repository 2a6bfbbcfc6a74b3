import { distance } from 'fastest-levenshtein'
import { readFileSync } from 'node:fs'
import { parseDuration } from './duration.js'

/** One environment variable: what it means, what it may hold, and how it is read. */
export interface Setting<T> {
  /** For the table in the docs. */
  description: string
  /** As it would be written in the environment; shown in the docs. '' stands for "not set". */
  defaultText: string
  /** What may be given, for the docs and for errors. */
  allowed: string
  /** Whether its value may be shown. */
  secret: boolean
  /** Reads the text; throws a RangeError that says what is allowed. */
  parse(text: string): T
}

type SettingMap = Readonly<Record<string, Setting<unknown>>>

/** The values of a map of settings. */
export type Settings<S extends SettingMap> = {
  readonly [Name in keyof S]: S[Name] extends Setting<infer T> ? T : never
}

/** All that is wrong with the environment, at once. */
export class ConfigProblems extends Error {
  override readonly name = 'ConfigProblems'
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
  }
}

/**
 * Reads settings from an environment; pure but for files: a secret `NAME` may stand in the file that `NAME_FILE` names. An empty
 * variable counts as not set.
 * Throws {@link ConfigProblems} with every problem, each with what was received, what is allowed and the nearest name.
 */
export function readSettings<S extends SettingMap>(
  settings: S,
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Settings<S> {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(settings)) {
    let given = env[name] || setting.defaultText
    try {
      const file = fileOf(name, settings, env)
      if (file !== undefined) given = secretIn(file, readFile)
      values[name] = setting.parse(given)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      const received = setting.secret ? 'its value' : `'${given}'`
      problems.push(`${name}: ${received} ${error.message}`)
    }
  }
  for (const name of Object.keys(env)) {
    const near = nearestName(name, settings)
    if (near) problems.push(`${name} is no setting (did you mean ${near}?)`)
  }
  if (problems.length > 0) throw new ConfigProblems(problems)
  return Object.freeze(values) as Settings<S>
}

/** The file that holds a secret setting, if one is named. A setting that is itself called so is read by whoever declares it. */
function fileOf(
  name: string,
  settings: SettingMap,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const file = env[`${name}_FILE`]
  if (!settings[name]?.secret || !file || `${name}_FILE` in settings) return undefined
  if (env[name]) throw new RangeError(`is given twice: set ${name} or ${name}_FILE, not both`)
  return file
}

function secretIn(file: string, readFile: (path: string) => string): string {
  try {
    return readFile(file).replace(/\r?\n$/, '')
  } catch (error) {
    throw new RangeError(`cannot be read from '${file}': ${(error as Error).message}`)
  }
}

/** A misspelt setting is worse than none: it is silently without effect. Short names are left alone: too many look alike. */
function nearestName(name: string, settings: SettingMap): string | undefined {
  if (name in settings || name.length < 6) return undefined
  if (name.endsWith('_FILE') && settings[name.slice(0, -'_FILE'.length)]?.secret) return undefined
  return Object.keys(settings).find(
    (known) => known.length >= 6 && distance(name, known) <= 2 && !KNOWN_NEIGHBOURS.has(name),
  )
}

/** Real names of others that lie close to ours. */
const KNOWN_NEIGHBOURS: ReadonlySet<string> = new Set(['REDIS_URI'])

/** Any text. */
export function text(options: {
  description: string
  default?: string
  secret?: boolean
  allowed?: string
  check?(text: string): void
}): Setting<string> {
  return {
    description: options.description,
    defaultText: options.default ?? '',
    allowed: options.allowed ?? 'text',
    secret: options.secret ?? false,
    parse: (given) => {
      options.check?.(given)
      return given
    },
  }
}

/** A whole number within bounds. */
export function integer(options: { description: string; default: number; min: number; max: number }): Setting<number> {
  const { min, max } = options
  return {
    description: options.description,
    defaultText: String(options.default),
    allowed: `${min} to ${max}`,
    secret: false,
    parse: (given) => {
      const value = /^-?\d+$/.test(given) ? Number(given) : Number.NaN
      if (!(value >= min && value <= max)) throw new RangeError(`must be a whole number from ${min} to ${max}`)
      return value
    },
  }
}

/** A length of time; the value is in milliseconds. */
export function duration(options: { description: string; default: string; min: string; max: string }): Setting<number> {
  const [min, max] = [parseDuration(options.min) ?? 0, parseDuration(options.max) ?? 0]
  return {
    description: options.description,
    defaultText: options.default,
    allowed: `${options.min} to ${options.max}`,
    secret: false,
    parse: (given) => {
      const value = parseDuration(given)
      if (value === undefined || value < min || value > max) {
        throw new RangeError(`must be a time from ${options.min} to ${options.max}, such as 500ms, 30s, 5m, 2h or 7d`)
      }
      return value
    },
  }
}

/** One of a few words. */
export function choice<const T extends string>(options: {
  description: string
  default: T
  of: readonly T[]
}): Setting<T> {
  return {
    description: options.description,
    defaultText: options.default,
    allowed: options.of.join(', '),
    secret: false,
    parse: (given) => {
      const found = options.of.find((word) => word === given)
      if (found !== undefined) return found
      const [nearest] = [...options.of].sort((a, b) => distance(given, a) - distance(given, b))
      throw new RangeError(`must be one of ${options.of.join(', ')}${nearest ? ` (nearest: ${nearest})` : ''}`)
    },
  }
}

/** true or false. */
export function flag(options: { description: string; default: boolean }): Setting<boolean> {
  const setting = choice({ ...options, default: options.default ? 'true' : 'false', of: ['true', 'false'] })
  return { ...setting, parse: (given) => setting.parse(given) === 'true' }
}

/** Rows of the configuration table in the docs. */
export function settingsTable(
  settings: SettingMap,
): { name: string; defaultText: string; allowed: string; description: string }[] {
  return Object.entries(settings).map(([name, { defaultText, allowed, description }]) => ({
    name,
    defaultText,
    allowed,
    description,
  }))
}
