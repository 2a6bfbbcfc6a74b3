import { z } from 'zod'
import { declareField, type Field, type FieldOptions, type OptionsProvider, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { must, mustBe, refusal, shown } from './wording.js'

const NAMED_IN_A_REFUSAL = 10

export type OptionValue = string | number | boolean

/** One choice. `value` reaches the handler; `name`, in `color`, is what a person sees. */
export interface SelectOption<Value extends OptionValue> {
  readonly value: Value
  readonly name: string
  readonly color?: string
}

export interface SelectOptions<
  Values extends readonly OptionValue[],
  Required extends boolean,
  Default,
> extends FieldOptions<Required, Default> {
  /**
   * The choices; or what finds them, when the client asks for them (get_field_options) and again for a form that is sent: what was chosen must
   * be among them. `form` holds it then, under the field's own name, beside the values that the options may depend on.
   */
  options: { readonly [I in keyof Values]: SelectOption<Values[I]> } | OptionsProvider
  /** Takes any value as it is sent, for options of which only a search finds all. Only for options that are found. Default false. */
  anyValue?: boolean
}

const someValue = mustBe('text that is not empty, a number, true or false')
const text = z.string(mustBe('text'))

const optionList = z
  .array(
    z.looseObject(
      {
        value: z
          .union([z.string(), z.number(), z.boolean()], someValue)
          .refine((value) => value !== '', someValue)
          .refine(
            (value) => !isBeyondExact(value),
            mustBe('text where a number is beyond ±(2^53-1): it names several'),
          ),
        name: text,
        color: text.optional(),
      },
      mustBe('an object with value and name'),
    ),
    mustBe('a list of options'),
  )
  .min(1, must('have at least one option'))
  .refine((options) => duplicates(options).length === 0, {
    error: ({ input }) => `must have each value once, received more than once: ${duplicates(input).join(', ')}`,
    // Also when an option has problems of its own, so that all are reported at once.
    when: ({ value }) => Array.isArray(value),
  })

/** A whole number that has perhaps lost digits before anybody here saw it. */
function isBeyondExact(value: OptionValue): boolean {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
}

/** The values whose text an earlier option has: a form could not tell them apart. */
function duplicates(options: unknown): string[] {
  const seen = new Set<string>()
  const repeated = new Set<string>()
  for (const option of options as unknown[]) {
    const { value } = (option ?? {}) as { value?: unknown }
    if (!isScalar(value)) continue
    if (seen.has(String(value))) repeated.add(shown(value))
    seen.add(String(value))
  }
  return [...repeated]
}

function isScalar(value: unknown): value is OptionValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

export const selectField = fieldType({
  emptyIsAbsent: true,
  params: paramsOf({ options: optionList.optional(), any_value: z.boolean(mustBe('true or false')).optional() }).refine(
    ({ options, any_value: any }) => !options || any === undefined,
    { path: ['any_value'], error: 'must be left out where the options are declared: they are all that there are' },
  ),
  schema: ({ options }) => {
    const anyValue = z.union([z.string(), z.number(), z.boolean()], mustBe('text, a number, true or false'))
    return options ? oneOf(options.map(({ value }) => value)) : anyValue
  },
})

/** By text: a browser's form sends `"5"` for the option 5. No two options have the same text. */
function oneOf(values: readonly OptionValue[]): z.ZodType<OptionValue> {
  const byText = new Map(values.map((value) => [String(value), value]))
  const more = values.length - NAMED_IN_A_REFUSAL
  const listed = values.slice(0, NAMED_IN_A_REFUSAL).map(shown).join(', ')
  const rule = `be one of ${listed}${more > 0 ? ` and ${more} more` : ''}`
  return z.unknown().transform((raw, ctx) => {
    const chosen = isScalar(raw) ? byText.get(String(raw)) : undefined
    if (chosen !== undefined) return chosen
    ctx.addIssue(refusal(rule, raw))
    return z.NEVER
  })
}

/**
 * A choice (SelectField, PROTOCOL.md section 3). The handler gets the option's own `value`, and the type is the union
 * of them. Takes an option's value, also as text. `''` counts as absent, so that no option may have it. Refuses all
 * else, and names the options.
 *
 * @example field.select({ options: async ({ search }) => findCities(search) })
 * @example field.select({ options: [{ value: 'eur', name: 'Euro' }, { value: 'usd', name: 'US dollar' }] })
 */
export function select<
  const Values extends readonly OptionValue[],
  Required extends boolean = true,
  Default extends Values[number] = never,
>(options: SelectOptions<Values, Required, Default>): Field<Values[number], Present<Required, Default>> {
  const choices = options.options
  const params = { any_value: options.anyValue }
  if (typeof choices === 'function') return declareField('SelectField', options, params, choices)
  return declareField('SelectField', options, { options: choices, ...params })
}
