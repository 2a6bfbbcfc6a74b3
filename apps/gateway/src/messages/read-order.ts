import { FlexActionError } from '@flexaction/shared/errors'
import type { RunSelection } from '@flexaction/shared/runs'
import type { Order } from '../accepting/order.js'
import type { Caller } from '../access/caller.js'
import { actionsFor } from '../access/visible-actions.js'
import type { CatalogAction, CatalogView } from '../catalog/catalog-view.js'
import { findAction } from '../catalog/find-action.js'
import type { FieldOptions } from './field-options.js'
import { type FormBounds, requireBoundedForm } from './form-bounds.js'
import { refuseLookAlikesInOrder } from './look-alikes.js'
import { type JsonObject, ORDER_KEYS, parseParams } from './parse-message.js'
import { type Problems, readSelection, refuseSelection, type SelectionParts, selectionParts } from './selection.js'

/** What reading an order asks, and its bounds. */
export interface OrderReading {
  catalog: CatalogView
  options: FieldOptions
  maxIds: number
  formBounds: FormBounds
}

/**
 * Reads what an execute_action asks for (PROTOCOL.md section 4). Throws everything that is wrong with it at once, in field
 * errors, and `not_permitted` when the caller may not run the action.
 */
export async function readOrder(
  params: JsonObject,
  caller: Caller,
  { catalog, options, maxIds, formBounds }: OrderReading,
): Promise<Order> {
  refuseLookAlikesInOrder(params, ORDER_KEYS)
  const name = readText('name', params.name, true)
  const model = readText('model', params.model, false)
  const actions = actionsFor(caller, catalog.actions, name)
  const named = catalog.actions.filter((one) => one.name === name)
  const orRecords = named.some(({ target }) => target.kind === 'records')
  const parts = selectionParts(params, parseParams(params.params), orRecords ? fieldsOf(named) : undefined)
  requireBoundedForm(parts.form, formBounds)
  const action = findAction(actions, name ?? '', model, parts.spoken)

  const [onlyModel, ...others] = action.target.kind === 'common' ? [] : action.target.models
  const meant = model ?? (others.length === 0 ? onlyModel : undefined)
  const problems: Problems = {}
  const selection = await checkSelection(action, meant, parts, catalog, { maxIds, orRecords, problems })
  const form = action.parseForm(parts.form)
  // Pairs, not assignments: a key such as __proto__ stays an ordinary key. What is wrong with the selection wins.
  const ofSelection = Object.entries(problems)
  const all = [...ofSelection, ...Object.entries(form.ok ? {} : form.errors), ...ofSelection]
  if (all.length > 0) throw FlexActionError.fields(Object.fromEntries(all))
  const order: Order = { action, model: meant, form: parts.form, selection }
  const checked = await options.checkChoices(order, caller, problems)
  if (Object.keys(problems).length > 0) throw FlexActionError.fields(problems)
  return { ...order, form: checked }
}

async function checkSelection(
  action: CatalogAction,
  model: string | undefined,
  parts: SelectionParts,
  catalog: CatalogView,
  { maxIds, orRecords, problems }: { maxIds: number; orRecords: boolean; problems: Problems },
): Promise<RunSelection> {
  if (action.target.kind !== 'records') {
    refuseSelection(parts, orRecords, problems)
    return { none: true }
  }
  const { mode, ids } = await readSelection(parts, maxIds, problems)
  if (mode === 'only') return { only: ids }
  if (model === undefined || !catalog.lists(model)) {
    problems.inverseIds = [
      `'${action.name}' cannot run on all records except some: its workers cannot list '${model}'. Select the records themselves`,
    ]
  }
  return { allExcept: ids }
}

/** Names of the fields of all actions of a name. */
function fieldsOf(named: readonly CatalogAction[]): ReadonlySet<string> {
  return new Set(named.flatMap(({ entry }) => entry.params ?? []).map((field) => field.name))
}

function readText(key: string, value: unknown, required: boolean): string | undefined {
  if (value === undefined || value === null || value === '') {
    if (required) throw FlexActionError.fields({ [key]: ['this field is required'] })
    return undefined
  }
  if (typeof value !== 'string')
    throw FlexActionError.fields({ [key]: [`must be a text, received ${JSON.stringify(value)}`] })
  return value
}
