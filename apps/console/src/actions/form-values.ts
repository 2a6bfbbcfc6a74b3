import type { FieldDescription } from '@flexaction/client'
import dayjs from 'dayjs'

/**
 * What the inputs hold: texts, but for checkboxes and texts in several languages. Options and records that were asked for are
 * held as JSON, so that `5` and `"5"` stay what they are.
 */
export type FormValue = string | boolean | Record<string, string> | null
export type FormValues = Record<string, FormValue>

/** What pickers of dates hold, without an offset: the time as the person's clock shows it. */
const PICKER_FORMAT = 'YYYY-MM-DD HH:mm:ss'
/** Texts that are values even when empty: an optional one that nobody touched is left out all the same. */
const EMPTY_IS_A_VALUE = new Set(['CharField', 'TextField', 'TranslatableField', 'SqlField', 'CodeField'])

export function languagesOf({ params }: FieldDescription): string[] | undefined {
  const { languages } = (params ?? {}) as { languages?: unknown }
  return Array.isArray(languages) ? languages.map(String) : undefined
}

/** What a form begins with: the declared defaults. */
export function initialValues(fields: readonly FieldDescription[]): FormValues {
  return Object.fromEntries(fields.map((field) => [field.name, initialValue(field)]))
}

function initialValue(field: FieldDescription): FormValue {
  const given = field.default_value
  const languages = languagesOf(field)
  switch (field.field) {
    case 'BooleanField':
      return given === true || given === 'true' || given === 1
    case 'TranslatableField':
      if (typeof given === 'object' && given !== null) return given as Record<string, string>
      return languages ? Object.fromEntries(languages.map((language) => [language, textOf(given)])) : textOf(given)
    case 'DateTimeField':
      return given === undefined ? '' : dayjs(textOf(given)).format(PICKER_FORMAT)
    case 'TimestampField':
      return given === undefined ? '' : fromTimestamp(field, given)
    case 'SelectField':
      return given === undefined || optionsOf(field) ? textOf(given) : JSON.stringify(given)
    case 'JSONField':
      if (given === undefined) return field.required === false ? '' : '{}'
      return typeof given === 'string' ? given : JSON.stringify(given, null, 2)
    default:
      return textOf(given)
  }
}

function fromTimestamp({ params }: FieldDescription, given: unknown): string {
  const number = Number(given)
  if (Number.isNaN(number)) return dayjs(textOf(given)).format(PICKER_FORMAT)
  return dayjs((params as { unit?: string } | undefined)?.unit === 'ms' ? number : number * 1_000).format(PICKER_FORMAT)
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Whether a value must be given: a declared default stands in for one. */
export function mustBeGiven({ required, default_value: given }: FieldDescription): boolean {
  return required !== false && given === undefined
}

/** The form as it is sent. What was left empty is left out, so that defaults and "optional" mean what they say. */
export function toForm(fields: readonly FieldDescription[], values: FormValues): Record<string, unknown> {
  const sent = fields.flatMap((field): [string, unknown][] => {
    const value = toSent(field, values[field.name] ?? '')
    return value === undefined ? [] : [[field.name, value]]
  })
  return Object.fromEntries(sent)
}

function toSent(field: FieldDescription, value: FormValue): unknown {
  if (typeof value === 'boolean') return value
  if (typeof value === 'object') {
    const texts = Object.entries(value ?? {}).filter(([, text]) => text !== '')
    return texts.length > 0 || field.required !== false ? Object.fromEntries(texts) : undefined
  }
  if (value === '') return EMPTY_IS_A_VALUE.has(field.field) && field.required !== false ? '' : undefined
  switch (field.field) {
    case 'DateTimeField':
    case 'TimestampField':
      return dayjs(value).toISOString()
    case 'SelectField':
      return optionsOf(field)?.find((option) => String(option.value) === value)?.value ?? JSON.parse(value)
    case 'ForeignKey':
      return value.startsWith('"') ? JSON.parse(value) : asId(value)
    case 'IntegerField':
      return asId(value)
    case 'FloatField':
      return Number.isFinite(Number(value)) ? Number(value) : value
    default:
      return value
  }
}

export interface DeclaredOption {
  value: string | number | boolean
  name: string
}

/** The options that a select field was declared with; `undefined`: they are asked for. */
export function optionsOf({ params }: FieldDescription): DeclaredOption[] | undefined {
  return (params as { options?: DeclaredOption[] } | undefined)?.options
}

/** A typed id: a whole number as Jet Admin would send it, else the text. */
export function asId(text: string): string | number {
  return /^(0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : text
}

/** Ids that a person typed or pasted: between commas, semicolons, spaces or lines, repeated ones once. */
export function parseIds(text: string): (string | number)[] {
  const texts = text.split(/[\s,;]+/).map((id) => id.replaceAll(/^["']|["']$/g, ''))
  return [...new Set(texts.filter((id) => id !== ''))].map(asId)
}
