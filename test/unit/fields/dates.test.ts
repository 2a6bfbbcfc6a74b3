import { type AnyField, compileForm, describeFields, field } from '@flexaction/shared/fields'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** Which days and instants the fields make of a text; null: refused. The table in docs/fields.md is written from this file. */
interface Table {
  columns: { title: string; field: 'date' | 'dateTime' | 'timestamp'; options: { timeZone?: string } }[]
  rows: { sent: string; gets: (string | null)[] }[]
}

const { columns, rows } = JSON.parse(readFileSync(new URL('dates.json', import.meta.url), 'utf8')) as Table

describe.each(columns.map((column, at) => ({ ...column, at })))('$field $options', ({ field: name, options, at }) => {
  const make: (options: { timeZone?: string }) => AnyField = field[name]
  const read = compileForm(describeFields({ value: make(options) }))

  it.each(rows)('$sent', ({ sent, gets }) => {
    const result = read({ value: sent })
    // As JSON, instants are texts.
    expect(result.ok ? JSON.parse(JSON.stringify(result.values['value'])) : null).toBe(gets[at] ?? null)
  })
})
