/** What `--execute` and the options beside it say. */
export interface Execution {
  action: string
  /** Records to execute it on, as `--ids` has them. */
  ids: string | undefined
}

/** The params of an execute_action, as Jet Admin's client would send them for an action of the list; or why there are none. */
export type ExecutionRequest = { params: Record<string, unknown> } | { problem: string; fix: string }

export function executionRequest({ action, ids }: Execution, list: unknown): ExecutionRequest {
  const listed = (Array.isArray(list) ? (list as unknown[]) : []).filter(isEntry)
  const entries = listed.filter(({ name }) => name === action)
  if (entries.length === 0) {
    const names = [...new Set(listed.map(({ name }) => String(name)))].join(', ') || 'none'
    return { problem: `the server lists no action '${action}'`, fix: `Give one that it lists: ${names}.` }
  }
  const onRecords = entries.find((entry) => targetOf(entry).for_instance === true)
  const onNone =
    entries.find((entry) => entry.common_action !== undefined) ?? entries.find((entry) => entry !== onRecords)
  if (ids === undefined) {
    if (onNone) return { params: { name: action, ...modelOf(onNone), params: {} } }
    return { problem: `'${action}' is for selected records`, fix: 'Name some: --ids 5,6' }
  }
  if (!onRecords) return { problem: `'${action}' takes no records`, fix: 'Leave --ids out.' }
  const records = ids.split(',').map((id) => id.trim())
  return { params: { name: action, ...modelOf(onRecords), ids: records, inverseIds: false, params: {} } }
}

type Entry = Readonly<Record<string, unknown>>

function isEntry(entry: unknown): entry is Entry {
  return typeof entry === 'object' && entry !== null
}

function targetOf(entry: Entry): { model?: unknown; for_instance?: unknown } {
  return (entry.model_action ?? {}) as { model?: unknown; for_instance?: unknown }
}

function modelOf(entry: Entry): { model?: unknown } {
  const [model] = [targetOf(entry).model].flat()
  return model === undefined ? {} : { model }
}
