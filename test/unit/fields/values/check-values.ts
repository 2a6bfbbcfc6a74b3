import { type AnyField, compileForm, describeFields } from '@flexaction/shared/fields'
import { describe, expect, test } from 'vitest'

export interface FieldCase {
  title: string
  field: AnyField
  /** What arrives, and what the handler gets. */
  accepts: [raw: unknown, value: unknown][]
  /** What arrives, and all that is said about it. */
  refuses: [raw: unknown, ...messages: string[]][]
}

/** Each field reads and refuses what its case says. */
export function checkValues(cases: readonly FieldCase[]): void {
  describe.each(cases)('$title', ({ field: declared, accepts, refuses }) => {
    const read = compileForm(describeFields({ value: declared }))

    test.each(accepts)('reads %j', (raw, value) => {
      expect(read({ value: raw })).toStrictEqual({ ok: true, values: { value } })
    })

    test.each(refuses)('refuses %j', (raw, ...messages) => {
      expect(read({ value: raw })).toStrictEqual({ ok: false, errors: { value: messages } })
    })
  })
}
