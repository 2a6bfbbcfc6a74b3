import { z } from 'zod'
import { declareField, type Field, type FieldOptions, type OptionsProvider, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { mustBe } from './wording.js'

export interface ForeignKeyOptions<Required extends boolean, Default> extends FieldOptions<Required, Default> {
  /** The collection that the key points into, as Jet Admin knows it: `users`, for Jet Django `users;user`. */
  model: string
  /**
   * Finds the records to choose from when the client asks for them (get_field_options). Default: those of the defined
   * collection of that name, if there is one.
   */
  options?: OptionsProvider
}

const id = mustBe('an id: text, or a whole number up to 2^53-1')
const someModel = mustBe("a collection's name")

export const foreignKeyField = fieldType({
  emptyIsAbsent: true,
  params: paramsOf({
    related_model: z.looseObject({ model: z.string(someModel).min(1, someModel) }, mustBe('{ "model": … }')),
  }),
  schema: () => z.union([z.string(), z.int(id)], id),
})

/**
 * A record of another collection (ForeignKey, PROTOCOL.md section 3). The handler gets its id as sent: `5` and `"5"`
 * stay what they were. `''` counts as absent. Refuses numbers that are not whole or beyond ±(2^53-1). Whether the
 * record exists is the handler's to find out.
 */
export function foreignKey<Required extends boolean = true, Default extends string | number = never>(
  options: ForeignKeyOptions<Required, Default>,
): Field<string | number, Present<Required, Default>> {
  return declareField('ForeignKey', options, { related_model: { model: options.model } }, options.options)
}
