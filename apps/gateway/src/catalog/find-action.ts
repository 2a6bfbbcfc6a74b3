import { FlexActionError } from '@flexaction/shared/errors'
import { distance } from 'fastest-levenshtein'
import type { CatalogAction } from './catalog-view.js'

const MOST_NAMED = 5

/**
 * The action that a request means (PROTOCOL.md sections 3 and 4). The same name may stand for several targets: the model
 * tells which; without one, a common action is meant if there is one; records or the whole collection are told apart by
 * whether the request selects any. Throws field errors that list what is possible.
 */
export function findAction(
  actions: readonly CatalogAction[],
  name: string,
  model: string | undefined,
  selects: boolean,
): CatalogAction {
  const named = actions.filter((action) => action.name === name)
  if (named.length === 0)
    throw FlexActionError.fields({ name: [`unknown action '${name}'${suggestion(actions, name)}`] })
  const candidates = model === undefined ? named : named.filter((action) => modelsOf(action).includes(model))
  if (model !== undefined && candidates.length === 0) {
    const allowed = [...new Set(named.flatMap(modelsOf))]
    const hint =
      allowed.length === 0 ? 'this action belongs to no collection: leave model out' : `allowed: ${allowed.join(', ')}`
    throw FlexActionError.fields({ model: [`'${name}' is no action of '${model}' (${hint})`] })
  }
  const [only, ...others] = bestFitting(candidates, selects)
  if (only && others.length === 0) {
    if (model === undefined && only.target.kind === 'records' && only.target.models.length > 1) {
      throw FlexActionError.fields({
        model: [`say which collection the records are of: ${only.target.models.join(', ')}`],
      })
    }
    return only
  }
  const list = named.map((action) => modelsOf(action).join(' or ') || 'none (the common action)')
  throw FlexActionError.fields({ model: [`'${name}' is ambiguous without a model; candidates: ${list.join(', ')}`] })
}

/**
 * Whether a request for an action means a defined one; else it is for the handler of execute_action, if there is one. A name that is
 * defined for some collections alone leaves the others to the handler.
 */
export function isDefined(
  actions: readonly CatalogAction[],
  { name, model }: { name?: unknown; model?: unknown },
): boolean {
  const named = actions.filter((action) => action.name === name)
  if (typeof model !== 'string' || model === '') return named.length > 0
  return named.some((action) => modelsOf(action).includes(model))
}

/** Those that take records, if the request selects any; else the common one, which no model could name; else the collection's. */
function bestFitting(candidates: readonly CatalogAction[], selects: boolean): readonly CatalogAction[] {
  const ofKind = (kind: string): CatalogAction[] => candidates.filter(({ target }) => target.kind === kind)
  const order = selects ? ['records', 'common', 'collection'] : ['common', 'collection', 'records']
  return order.map(ofKind).find((fitting) => fitting.length > 0) ?? []
}

function modelsOf({ target }: CatalogAction): readonly string[] {
  return target.kind === 'common' ? [] : target.models
}

function suggestion(actions: readonly CatalogAction[], name: string): string {
  const names = [...new Set(actions.map((action) => action.name))]
  const near = names
    .map((known) => ({ known, far: distance(known, name) }))
    .filter(({ known, far }) => far <= Math.max(2, Math.floor(known.length / 3)))
    .sort((a, b) => a.far - b.far)[0]
  if (near) return ` (did you mean '${near.known}'?)`
  if (names.length === 0) return ' (no worker has published any action yet)'
  const more = names.length > MOST_NAMED ? ', …' : ''
  return ` (there are: ${names.slice(0, MOST_NAMED).join(', ')}${more})`
}
