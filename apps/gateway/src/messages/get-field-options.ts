import { FlexActionError } from '@flexaction/shared/errors'
import type { CatalogAction } from '../catalog/catalog-view.js'
import { findAction } from '../catalog/find-action.js'
import type { JsonObject } from './parse-message.js'

/** The options that a field was published with; an empty list for fields without any (PROTOCOL.md section 2). */
export function getFieldOptions(actions: readonly CatalogAction[], { action, model, field }: JsonObject): unknown {
  if (typeof field !== 'string' || field === '') throw FlexActionError.fields({ field: ['this field is required'] })
  if (typeof action !== 'string' || action === '') throw FlexActionError.fields({ action: ['this field is required'] })
  const { entry } = findAction(actions, action, typeof model === 'string' ? model : undefined, false)
  const found = entry.params?.find(({ name }) => name === field)
  if (!found) {
    const known = entry.params?.map(({ name }) => name).join(', ') ?? ''
    throw FlexActionError.fields({
      field: [`'${action}' has no field '${field}'${known ? ` (there are: ${known})` : ''}`],
    })
  }
  return found.params?.options ?? []
}
