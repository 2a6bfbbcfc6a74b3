import { type FieldDescription, fieldProblems } from '@flexaction/shared/fields'

/** Everything that Jet Admin could not use in the answer to get_action_list (PROTOCOL.md section 3). */
export function actionListProblems(list: unknown): string[] {
  if (!Array.isArray(list)) return ['the answer is no array: Jet Admin ignores anything else']
  const seen = new Map<string, number>()
  return (list as unknown[]).flatMap((entry, at) => {
    if (typeof entry !== 'object' || entry === null) return [`entry ${at + 1} is no object`]
    const { name, model_action: on, common_action: common, params = [] } = entry as Record<string, unknown>
    const where = `entry ${at + 1} (${String(name)})`
    const problems: string[] = []
    if (typeof name !== 'string' || name === '') problems.push(`${where}: name is missing`)
    if ((on === undefined) === (common === undefined))
      problems.push(`${where}: exactly one of model_action and common_action is needed`)
    const { model, for_instance: forInstance } = (on ?? {}) as { model?: unknown; for_instance?: unknown }
    if (on !== undefined && !isModel(model))
      problems.push(`${where}: model_action.model must name a collection, or several`)
    if (!Array.isArray(params)) problems.push(`${where}: params must be an array`)
    else problems.push(...fieldProblems(params as FieldDescription[]).map((problem) => `${where}: ${problem}`))
    const identity = JSON.stringify([name, on === undefined ? null : [model, forInstance === true]])
    const before = seen.get(identity)
    if (before !== undefined) problems.push(`${where}: the same action as entry ${before}`)
    seen.set(identity, at + 1)
    return problems
  })
}

function isModel(model: unknown): boolean {
  const names = [model].flat()
  return names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')
}
