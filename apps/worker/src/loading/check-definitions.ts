import type { ActionDefinition, CollectionDefinition, MessageDefinition } from '@flexaction/shared'
import { GET_ACTION_LIST, identityOf } from '@flexaction/shared/catalog'
import { parseDuration } from '@flexaction/shared/config'
import { describeFields, fieldProblems } from '@flexaction/shared/fields'
import { distance } from 'fastest-levenshtein'
import { z } from 'zod'
import type { Located } from './sort-definitions.js'

const ONE_DAY_MS = 86_400_000
/** A caller waits for it before anything happens. */
const MOST_COALESCE_MS = 5_000

function durationUpTo(maxMs: number): z.ZodType {
  return z.string().refine(
    (text) => {
      const ms = parseDuration(text)
      return ms !== undefined && ms >= 0 && ms <= maxMs
    },
    { error: `must be a time such as '500ms', '30s', '5m' or '1h', at most ${describeMs(maxMs)}` },
  )
}

function describeMs(ms: number): string {
  return ms < ONE_DAY_MS ? `${ms / 1_000} s` : `${ms / ONE_DAY_MS} days`
}

const percentage = z
  .string()
  .refine((text) => /^\d+(\.\d+)?%$/.test(text) && Number.parseFloat(text) > 0 && Number.parseFloat(text) <= 100, {
    error: "must be a whole number of items, or a percentage such as '5%'",
  })

const wholeNumber = (min: number, max: number): z.ZodType => z.int().min(min).max(max)
/** Any name that a table may have. A `/` would end it in addresses, and so would the two names that stand for folders. */
const MODEL_RULE = 'must be a collection name of 1 to 200 characters, without / and control characters'
const model = z
  .string(MODEL_RULE)
  .refine((text) => /^[^/\p{Cc}]{1,200}$/u.test(text) && !['', '.', '..'].includes(text.trim()), MODEL_RULE)

const target = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('records'),
    models: z.array(model).min(1, 'must name a collection'),
    bulk: z.boolean(),
    batchSize: wholeNumber(1, 10_000),
  }),
  z.strictObject({ kind: z.literal('collection'), models: z.array(model).min(1, 'must name a collection') }),
  z.strictObject({ kind: z.literal('common') }),
])

const name = z.string().regex(/^[\w.-]{1,100}$/, "must be 1 to 100 letters, digits, '_', '-' or '.'")

const permission = z.union(
  [z.enum(['viewer', 'operator', 'admin']), z.strictObject({ groups: z.array(z.string().min(1)).min(1) })],
  { error: "must be 'viewer', 'operator', 'admin' or { groups: ['…'] }" },
)

/** What actions and messages have in common. */
const calling = {
  retry: z
    .strictObject({
      attempts: wholeNumber(1, 100),
      backoff: z
        .strictObject({
          type: z.enum(['fixed', 'exponential']),
          delay: durationUpTo(ONE_DAY_MS),
          max: durationUpTo(ONE_DAY_MS).optional(),
        })
        .optional(),
    })
    .optional(),
  timeout: durationUpTo(7 * ONE_DAY_MS).optional(),
  respond: z.union([z.literal('queued'), z.strictObject({ waitFor: durationUpTo(ONE_DAY_MS) })]).optional(),
  permission: permission.optional(),
}

const messageOptions = z.strictObject({
  name,
  handle: z.function(),
  secretParams: z.array(z.string().min(1)).min(1, 'must name a param').optional(),
  ...calling,
})

const options = z.strictObject({
  name,
  target,
  params: z.record(z.string(), z.unknown()).optional(),
  unknownParams: z.enum(['refuse', 'ignore']).optional(),
  ...calling,
  limits: z
    .strictObject({
      concurrency: wholeNumber(1, 10_000).optional(),
      perWorker: wholeNumber(1, 10_000).optional(),
      rate: z.strictObject({ max: wholeNumber(1, 1_000_000), per: durationUpTo(ONE_DAY_MS) }).optional(),
    })
    .optional(),
  haltOn: z.strictObject({ failures: z.union([wholeNumber(1, 100_000_000), percentage]) }).optional(),
  startWithin: durationUpTo(30 * ONE_DAY_MS).optional(),
  coalesce: durationUpTo(MOST_COALESCE_MS).optional(),
  verboseName: z.string().optional(),
  icon: z.string().optional(),
  extra: z.record(z.string(), z.unknown()).optional(),
  run: z.function(),
})

const OPTION_NAMES = Object.keys(options.shape)

/** Everything that is wrong with these actions, each problem with file and action. */
export function checkActions(actions: readonly Located<ActionDefinition>[]): string[] {
  return [...actions.flatMap(checkAction), ...checkIdentities(actions)]
}

function checkAction({ file, definition }: Located<ActionDefinition>): string[] {
  const where = `${file}, action '${String(definition.name)}'`
  const parsed = options.safeParse(definition.options)
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${where}: ${describeIssue(issue, definition.options, OPTION_NAMES)}`)
  return [...problems, ...fieldProblems(describeFields(definition.params)).map((problem) => `${where}: ${problem}`)]
}

function describeIssue(issue: z.core.$ZodIssue, received: unknown, known: readonly string[]): string {
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
    return issue.keys.map((key) => `unknown option '${key}'${nearest(key, known)}`).join('; ')
  }
  const path = issue.path.join('.')
  return `${path || 'its options'}: ${issue.message} (received ${show(valueAt(received, issue.path))})`
}

function nearest(key: string, known: readonly string[]): string {
  const near = known.find((one) => distance(one, key) <= 2)
  return near ? ` (did you mean '${near}'?)` : `; allowed are ${known.join(', ')}`
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    value,
  )
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  return JSON.stringify(value) ?? 'nothing'
}

/** Name, kind of target and collection must lead to one action (PROTOCOL.md section 3). */
function checkIdentities(actions: readonly Located<ActionDefinition>[]): string[] {
  const problems: string[] = []
  const seen = new Map<string, string>()
  for (const { file, definition } of actions) {
    const { name, target: on } = definition
    for (const one of on.kind === 'common' ? [undefined] : on.models) {
      const identity = one === undefined ? identityOf(name, { kind: 'common' }) : `${name}.${on.kind}.${one}`
      const other = seen.get(identity)
      if (other)
        problems.push(
          `${file}, action '${name}': ${other} defines the same action (${identity}); rename one, or remove it`,
        )
      seen.set(identity, file)
    }
  }
  return problems
}

/** Everything that is wrong with these collections. */
export function checkCollections(collections: readonly Located<CollectionDefinition>[]): string[] {
  const problems: string[] = []
  const seen = new Map<string, string>()
  for (const { file, definition } of collections) {
    const where = `${file}, collection '${String(definition.name)}'`
    if (!model.safeParse(definition.name).success) problems.push(`${where}: its name ${MODEL_RULE}`)
    if (typeof definition.options.list !== 'function') problems.push(`${where}: list must be a function`)
    const wrong = permission.optional().safeParse(definition.options.permission).error?.issues ?? []
    problems.push(...wrong.map(({ message }) => `${where}: permission ${message}`))
    const other = seen.get(definition.name)
    if (other) problems.push(`${where}: ${other} defines the same collection; rename one, or remove it`)
    seen.set(definition.name, file)
  }
  return problems
}

/** A field's options belong to the field: a message handler for them would hide those of all actions. */
const NOT_TO_BE_HANDLED = 'get_field_options'

/** Everything that is wrong with these messages. */
export function checkMessages(messages: readonly Located<MessageDefinition>[]): string[] {
  const problems: string[] = []
  const seen = new Map<string, string>()
  const known = Object.keys(messageOptions.shape)
  for (const { file, definition } of messages) {
    const where = `${file}, message '${String(definition.name)}'`
    const issues = messageOptions.safeParse(definition.options).error?.issues ?? []
    problems.push(...issues.map((issue) => `${where}: ${describeIssue(issue, definition.options, known)}`))
    if (definition.name === NOT_TO_BE_HANDLED)
      problems.push(`${where}: options are found by the field: field.select({ options: async () => […] })`)
    if (definition.name === GET_ACTION_LIST && definition.options.secretParams !== undefined)
      problems.push(`${where}: secretParams are for messages that make runs; what is asked here is not kept`)
    const other = seen.get(definition.name)
    if (other) problems.push(`${where}: ${other} answers the same message; rename one, or remove it`)
    seen.set(definition.name, file)
  }
  return problems
}
