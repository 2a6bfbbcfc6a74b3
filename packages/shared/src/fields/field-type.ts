import { z } from 'zod'
import { mustBe } from './wording.js'

/** The protocol's names of the 16 field types (PROTOCOL.md section 3). */
export const FIELD_TYPE_NAMES = [
  'BooleanField',
  'CharField',
  'TextField',
  'TranslatableField',
  'SelectField',
  'ForeignKey',
  'DateTimeField',
  'TimestampField',
  'DateField',
  'TimeField',
  'JSONField',
  'SqlField',
  'CodeField',
  'IntegerField',
  'FloatField',
  'DecimalField',
] as const

export type FieldTypeName = (typeof FIELD_TYPE_NAMES)[number]

/** What a field type knows: when a value is absent, which params it takes, and how it reads a value. */
export interface FieldType {
  /** True when `''` counts as absent: the client sends it for an empty input. */
  readonly emptyIsAbsent: boolean
  /** True when a required field of the type refuses `''`, and text that shows nothing. */
  readonly refusesBlank: (params: unknown) => boolean
  /** What is wrong with a description's `params`. */
  readonly paramsProblems: (params: unknown) => string[]
  /** Reads present values under these params. Throws if the params have problems. */
  readonly schema: (params: unknown) => z.ZodType
}

/** The rule for a type's `params`: an object with these keys; other keys pass through to the client. */
export function paramsOf<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.looseObject(shape, mustBe('an object'))
}

/** A type's rules. `schema` gets only params that passed, so that it need not check them again. */
export function fieldType<Params>(rules: {
  emptyIsAbsent: boolean
  /** Default: never. */
  refusesBlank?: (params: Params) => boolean
  params: z.ZodType<Params>
  schema: (params: Params) => z.ZodType
}): FieldType {
  return {
    emptyIsAbsent: rules.emptyIsAbsent,
    refusesBlank: (params) => rules.refusesBlank?.(rules.params.parse(params)) ?? false,
    paramsProblems(params) {
      const issues = rules.params.safeParse(params).error?.issues ?? []
      return issues.map(({ path, message }) => `${['params', ...path].join('.')} ${message}`)
    },
    schema: (params) => rules.schema(rules.params.parse(params)),
  }
}
