import type {
  ActionDefinition,
  CollectionDefinition,
  HandlerContext,
  MessageHandler,
  OfferedOption,
  RecordPage,
} from '@flexaction/shared'
import type { Logger } from '@flexaction/shared/logging'
import { GET_ACTION_LIST, identityOf } from '@flexaction/shared/catalog'
import {
  type Answer,
  collectionTopic,
  type MessageRequest,
  messageTopic,
  type OptionsRequest,
  optionsTopic,
  type RecordsRequest,
  type SealedQuestion,
} from '@flexaction/shared/rpc'
import { type Keyring, putSecrets, SecretMask, secretsOfQuestion } from '@flexaction/shared/secrets'
import { inspect } from 'node:util'
import { z } from 'zod'
import type { Definitions } from '../loading/load-definitions.js'
import { checkPage } from '../listing/check-page.js'
import { maskFailure } from '../running/mask-values.js'
import { errorOf, readThrown } from '../values/index.js'

/** One choice, as the protocol has it; '' would count as nothing chosen. */
const offeredOption = z.object({
  value: z.union([z.string().min(1), z.number(), z.boolean()]),
  name: z.string(),
  color: z.string().exactOptional(),
})

/** What anything is done with here; Jet Admin reads the rest. */
const listedActions = z.array(z.looseObject({ name: z.string(), params: z.array(z.looseObject({})).optional() }))

/** What this worker can be asked, by topic: options of its actions' fields, and records of its collections. */
export function answersOf(
  { actions, collections, messages }: Definitions,
  logger: Logger,
  keyring: Keyring,
): ReadonlyMap<string, Answer> {
  const answers = new Map<string, Answer>()
  for (const action of actions) {
    if (Object.values(action.params).some(({ optionsProvider }) => optionsProvider))
      answers.set(optionsTopic(identityOf(action.name, action.target)), (payload, signal) =>
        findOptionsWith(action, payload as OptionsRequest, signal, keyring),
      )
  }
  for (const collection of collections)
    answers.set(collectionTopic(collection.name), (payload, signal) =>
      listRecords(collection, payload as RecordsRequest, signal),
    )
  for (const { name, options } of messages) {
    if (name === GET_ACTION_LIST)
      answers.set(messageTopic(name), (payload, signal) =>
        listActions(options.handle, payload as MessageRequest, signal, logger),
      )
  }
  return answers
}

/** With the secret values of the form. What comes of it goes through Redis: without them. */
async function findOptionsWith(
  action: ActionDefinition,
  { sealed, ...question }: OptionsRequest,
  signal: AbortSignal,
  keyring: Keyring,
): Promise<unknown> {
  if (sealed === undefined) return await findOptions(action, question, signal)
  const topic = optionsTopic(identityOf(action.name, action.target))
  const { form: secrets = {}, search } = keyring.open(secretsOfQuestion(topic), sealed) as SealedQuestion
  const asked = { ...question, form: putSecrets(question.form, secrets), ...(search !== undefined && { search }) }
  // What a secret choice may be is not secret.
  const mask = SecretMask.of(
    Object.entries(secrets).flatMap(([name, value]) => (name === question.field ? [] : [value])),
  )
  try {
    const options = await findOptions(action, asked, signal)
    return mask ? mask.value(options) : options
  } catch (error) {
    throw errorOf(maskFailure(readThrown(error), mask))
  }
}

async function findOptions(
  action: ActionDefinition,
  { field, form, search, user }: OptionsRequest,
  signal: AbortSignal,
): Promise<readonly OfferedOption[]> {
  const options = await action.params[field]?.optionsProvider?.({ form, search, user, signal })
  const wrong = (what: string): Error =>
    new Error(
      `action '${action.name}', field '${field}': options must return a list of { value, name, color? }, received ${what}`,
    )
  if (!Array.isArray(options)) throw wrong(typeof options)
  return options.map((option: unknown) => {
    const read = offeredOption.safeParse(option)
    if (read.success) return read.data
    throw wrong(inspect(option, { depth: 1, breakLength: Number.POSITIVE_INFINITY }))
  })
}

async function listRecords(
  collection: CollectionDefinition,
  { cursor, limit, search }: RecordsRequest,
  signal: AbortSignal,
): Promise<RecordPage> {
  return checkPage(collection.name, await collection.options.list({ cursor, limit, search, signal }), cursor)
}

/** There is no run: what a context would say of it is empty, and nothing of it is kept. */
async function listActions(
  handle: MessageHandler,
  { params, user }: MessageRequest,
  signal: AbortSignal,
  logger: Logger,
): Promise<unknown[]> {
  const ctx: HandlerContext = {
    signal,
    attempt: 1,
    run: { id: '', action: GET_ACTION_LIST, model: undefined, createdAt: new Date() },
    user,
    idempotencyKey: '',
    logger,
    log: () => undefined,
    progress: () => undefined,
  }
  const list: unknown = await handle(params, ctx)
  const read = listedActions.safeParse(list)
  if (read.success) return read.data
  const problems = read.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '))
  throw new Error(`the handler of ${GET_ACTION_LIST} must return a list of actions; ${problems.join('; ')}`)
}
