import type { FieldDescription } from './field.js'
import { FIELD_TYPE_NAMES, type FieldType } from './field-type.js'
import { FIELD_TYPES, isFieldTypeName } from './field-types.js'
import { refusal, shown } from './wording.js'

/** Names that mean something else in a form or in its errors, and what. */
const RESERVED_NAMES = new Map([
  ['ids', 'the selected records may arrive in the form under it'],
  ['non_field_errors', 'errors about the form as a whole are shown under it'],
])

/**
 * What is wrong with a form's declaration: all problems at once, each naming the field, what is allowed and what was
 * received. Empty when the form can be compiled. Takes anything: descriptions also come from plain JavaScript.
 */
export function fieldProblems(descriptions: readonly FieldDescription[]): string[] {
  const given: unknown = descriptions
  if (!Array.isArray(given)) return [`the form ${refusal('be a list of fields', given)}`]
  const seen = new Set<unknown>()
  return given.flatMap((description: unknown, index) => {
    if (!isObject(description))
      return [`field ${index + 1} ${refusal('be an object with name and field', description)}`]
    const { name } = description
    const isDuplicate = seen.has(name)
    seen.add(name)
    const who = isUsableName(name) ? `field ${shown(name)}` : `field ${index + 1}`
    return [...nameProblems(name, isDuplicate), ...typeProblems(description)].map((problem) => `${who}: ${problem}`)
  })
}

function nameProblems(name: unknown, isDuplicate: boolean): string[] {
  if (!isUsableName(name)) return [`name ${refusal('be text that is not empty', name)}`]
  const reserved = RESERVED_NAMES.get(name)
  if (reserved) return [`the name ${shown(name)} is reserved: ${reserved}`]
  return isDuplicate ? ['this name is used by an earlier field too'] : []
}

function typeProblems({
  field,
  required,
  secret,
  params = {},
  default_value: defaultValue,
}: Record<string, unknown>): string[] {
  const problems: string[] = []
  if (required !== undefined && typeof required !== 'boolean') {
    problems.push(`required ${refusal('be true or false', required)}`)
  }
  if (secret !== undefined && typeof secret !== 'boolean')
    problems.push(`secret ${refusal('be true or false', secret)}`)
  if (secret === true && defaultValue !== undefined && defaultValue !== null)
    problems.push('a secret field has no default_value: it would be published')
  if (!isFieldTypeName(field)) {
    return [...problems, `field ${refusal(`be one of ${FIELD_TYPE_NAMES.join(', ')}`, field)}`]
  }
  const type = FIELD_TYPES[field]
  const wrongParams = type.paramsProblems(params)
  if (wrongParams.length > 0) return [...problems, ...wrongParams]
  return [...problems, ...defaultProblems(type, params, defaultValue)]
}

function defaultProblems(type: FieldType, params: unknown, value: unknown): string[] {
  // Null is how other languages write "no default".
  if (value === undefined || value === null) return []
  if (value === '' && type.emptyIsAbsent) return [`default_value ${refusal('not be empty', value)}`]
  const issues = type.schema(params).safeParse(value).error?.issues ?? []
  return issues.map(({ message }) => `default_value ${message}`)
}

function isUsableName(name: unknown): name is string {
  return typeof name === 'string' && name.trim() !== ''
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
