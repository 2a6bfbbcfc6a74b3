import type { ActionDefinition, CollectionDefinition, OfferedOption, RecordPage } from '@flexaction/shared'
import { identityOf } from '@flexaction/shared/catalog'
import {
  type AnswerQuestion,
  collectionTopic,
  type OptionsQuestion,
  optionsTopic,
  type RecordsQuestion,
} from '@flexaction/shared/questions'
import type { Definitions } from '../loading/load-definitions.js'
import { checkPage } from '../listing/check-page.js'

/** What this worker can be asked, by topic: options of its actions' fields, and records of its collections. */
export function answersOf({ actions, collections }: Definitions): ReadonlyMap<string, AnswerQuestion> {
  const answers = new Map<string, AnswerQuestion>()
  for (const action of actions) {
    if (Object.values(action.params).some(({ optionsProvider }) => optionsProvider))
      answers.set(optionsTopic(identityOf(action.name, action.target)), (question, signal) =>
        findOptions(action, question as OptionsQuestion, signal),
      )
  }
  for (const collection of collections)
    answers.set(collectionTopic(collection.name), (question, signal) =>
      listRecords(collection, question as RecordsQuestion, signal),
    )
  return answers
}

async function findOptions(
  action: ActionDefinition,
  { field, form, search, user }: OptionsQuestion,
  signal: AbortSignal,
): Promise<readonly OfferedOption[]> {
  const options = await action.params[field]?.optionsProvider?.({ form, search, user, signal })
  const wrong = (what: string): Error =>
    new Error(
      `action '${action.name}', field '${field}': options must return a list of { value, name }, received ${what}`,
    )
  if (!Array.isArray(options)) throw wrong(typeof options)
  for (const option of options as Partial<OfferedOption>[]) {
    const fits = ['string', 'number', 'boolean'].includes(typeof option.value) && typeof option.name === 'string'
    if (!fits) throw wrong(JSON.stringify(option))
  }
  return options as OfferedOption[]
}

async function listRecords(
  collection: CollectionDefinition,
  { cursor, limit, search }: RecordsQuestion,
  signal: AbortSignal,
): Promise<RecordPage> {
  return checkPage(collection.name, await collection.options.list({ cursor, limit, search, signal }), cursor)
}
