import { z } from 'zod'
import { type BlankOption, blankParam, unlessBlank } from './blank.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { must, mustBe, refusal } from './wording.js'

/** One text, or a text per language. */
export type Translation<Language extends string = string> = string | { [L in Language]?: string }

export interface TranslatableOptions<Language extends string, Required extends boolean, Default>
  extends FieldOptions<Required, Default>, BlankOption {
  /** The only languages allowed as keys, such as `['en', 'de']`. Default: any. */
  languages?: readonly Language[]
}

const language = z.string(mustBe('text')).min(1, mustBe('a language'))

export const translatableField = fieldType({
  emptyIsAbsent: false,
  refusesBlank: unlessBlank,
  params: paramsOf({
    blank: blankParam,
    languages: z.array(language, mustBe('a list of languages')).min(1, must('name at least one language')).optional(),
  }),
  schema: ({ languages }) =>
    z.unknown().transform((raw, ctx) => {
      if (typeof raw === 'string') return raw
      if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) {
        for (const [key, value] of Object.entries(raw)) {
          if (languages && !languages.includes(key)) {
            ctx.addIssue(refusal(`have only the languages ${languages.join(', ')}`, key))
          }
          if (typeof value !== 'string') ctx.addIssue(refusal('have a text per language', value))
        }
        return raw
      }
      ctx.addIssue(refusal('be text, or an object of language and text', raw))
      return z.NEVER
    }),
})

/**
 * A text in several languages (TranslatableField, PROTOCOL.md section 3). The handler gets what was sent: a string,
 * or an object of language and string. Refuses languages other than `languages`, and values that are not text; when required, also
 * what is blank in every language, unless `blank` allows it.
 */
export function translatable<
  const Language extends string = string,
  Required extends boolean = true,
  const Default extends Translation<Language> = never,
>(
  options: TranslatableOptions<Language, Required, Default> = {},
): Field<Translation<Language>, Present<Required, Default>> {
  return declareField('TranslatableField', options, { languages: options.languages, blank: options.blank })
}
