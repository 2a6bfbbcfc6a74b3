import type { z } from 'zod'
import type { FieldDescription } from './field.js'
import { fieldProblems } from './field-problems.js'
import { FIELD_TYPES } from './field-types.js'
import { isBlank } from './blank.js'
import { SECRET } from '../secrets/secret-fields.js'
import { refusal, withoutReceived } from './wording.js'

/** The values for the handler, or the errors by field in the shape of the protocol (PROTOCOL.md section 6). */
export type FormResult =
  | { readonly ok: true; readonly values: Record<string, unknown> }
  | { readonly ok: false; readonly errors: Record<string, string[]> }

/**
 * Reads one form. Never throws, whatever arrives, and reads the same form the same way each time. Errors quote what was received, but for
 * secret fields, and those that `secrets` names besides.
 */
export type CompiledForm = (form: Readonly<Record<string, unknown>>, secrets?: ReadonlySet<string>) => FormResult

export interface FormOptions {
  /** `ignore`: keys that no field declares are dropped. Default `refuse`: they are errors. */
  unknownParams?: 'refuse' | 'ignore'
}

interface CompiledField {
  readonly name: string
  readonly required: boolean
  readonly secret: boolean
  readonly emptyIsAbsent: boolean
  readonly refusesBlank: boolean
  readonly schema: z.ZodType
  /** Makes a new value each time, so that no handler can change another's. */
  readonly makeDefault: (() => unknown) | undefined
}

/**
 * Makes the reader of an action's form from its published description alone, so that the gateway, which refuses bad
 * forms, and the worker, which reads the same raw form again, agree. Compile once per action.
 *
 * @throws TypeError with all of `fieldProblems`, if there are any.
 */
export function compileForm(
  descriptions: readonly FieldDescription[],
  { unknownParams = 'refuse' }: FormOptions = {},
): CompiledForm {
  const problems = fieldProblems(descriptions)
  if (problems.length > 0) throw new TypeError(`this form cannot be read: ${problems.join('; ')}`)
  const fields = descriptions.map(compileField)
  const names = new Set(fields.map(({ name }) => name))

  return (form, secrets) => {
    if (typeof form !== 'object' || form === null || Array.isArray(form)) {
      return { ok: false, errors: { non_field_errors: [`the form ${refusal('be an object', form)}`] } }
    }
    // Pairs, not assignments: a key such as __proto__ stays an ordinary key.
    const values: [string, unknown][] = []
    const errors: [string, string[]][] = []
    for (const field of fields) {
      const raw = Object.hasOwn(form, field.name) ? form[field.name] : undefined
      if (isAbsent(raw, field)) {
        if (field.makeDefault) values.push([field.name, field.makeDefault()])
        else if (field.required) errors.push([field.name, ['this field is required']])
        continue
      }
      const problems: string[] = []
      const read = field.schema.safeParse(raw)
      if (field.secret && raw === SECRET)
        problems.push(`must be given anew: ${SECRET} only stands for a value that is not shown`)
      else if (!read.success) problems.push(...read.error.issues.map(({ message }) => message))
      else if (field.refusesBlank && isBlank(read.data))
        problems.push(raw === '' ? 'this field is required' : refusal('not be blank', raw))
      else values.push([field.name, read.data])
      const quotes = !field.secret && secrets?.has(field.name) !== true
      if (problems.length > 0) errors.push([field.name, quotes ? problems : problems.map(withoutReceived)])
    }
    if (unknownParams === 'refuse') {
      for (const key of Object.keys(form)) if (!names.has(key)) errors.push([key, ['unknown parameter']])
    }
    return errors.length > 0
      ? { ok: false, errors: Object.fromEntries(errors) }
      : { ok: true, values: Object.fromEntries(values) }
  }
}

function isAbsent(raw: unknown, { emptyIsAbsent }: CompiledField): boolean {
  return raw === undefined || raw === null || (emptyIsAbsent && raw === '')
}

function compileField(description: FieldDescription): CompiledField {
  const { name, field, required, secret, params = {}, default_value: defaultValue } = description
  const type = FIELD_TYPES[field]
  const schema = type.schema(params)
  return {
    name,
    required: required !== false,
    secret: secret === true,
    emptyIsAbsent: type.emptyIsAbsent,
    refusesBlank: required !== false && type.refusesBlank(params),
    schema,
    makeDefault: defaultMaker(schema, defaultValue),
  }
}

function defaultMaker(schema: z.ZodType, value: unknown): CompiledField['makeDefault'] {
  if (value === undefined || value === null) return undefined
  // The default as published: JSON, and a copy of its own for each form.
  const published = JSON.stringify(value)
  return () => schema.parse(JSON.parse(published))
}
