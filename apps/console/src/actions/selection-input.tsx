import { Alert, Input, SegmentedControl, Stack, Text, Textarea } from '@mantine/core'
import type { Selection } from '@flexaction/client'
import { counted } from '../parts/words.js'
import { parseIds } from './form-values.js'
import { RecordsTable } from './records-table.js'

export type SelectionMode = 'pick' | 'all' | 'except' | 'paste'
export type PickedRecords = ReadonlyMap<string, string | number>

/** What was chosen so far, in each way of choosing: changing the way loses nothing. */
export interface Choice {
  mode: SelectionMode
  picked: PickedRecords
  pasted: string
}

const WAYS: { value: SelectionMode; label: string }[] = [
  { value: 'pick', label: 'Choose' },
  { value: 'all', label: 'All' },
  { value: 'except', label: 'All except' },
  { value: 'paste', label: 'Paste ids' },
]

/** The selection that a choice means; `undefined` while nothing is chosen. */
export function selectionOf({ mode, picked, pasted }: Choice): Selection | undefined {
  if (mode === 'all') return { allExcept: [] }
  if (mode === 'paste') {
    const ids = parseIds(pasted)
    return ids.length === 0 ? undefined : { ids }
  }
  const ids = [...picked.values()]
  if (ids.length === 0) return undefined
  return mode === 'pick' ? { ids } : { allExcept: ids }
}

export function selectionText(selection: Selection | undefined, collection: string): string {
  if (!selection) return ''
  if ('ids' in selection) return `on ${counted(selection.ids.length, 'record')}`
  if (selection.allExcept.length === 0) return `on all records of ${collection}`
  return `on all of ${collection} except ${selection.allExcept.length}`
}

export interface SelectionInputProps {
  collection: string
  /** Whether the collection's records can be listed. */
  listed: boolean
  choice: Choice
  error: string | undefined
  onChange(choice: Choice): void
}

/** Which records to run on. */
export function SelectionInput({ collection, listed, choice, error, onChange }: SelectionInputProps) {
  const { mode, picked, pasted } = choice
  const ids = mode === 'paste' ? parseIds(pasted).length : 0
  return (
    <Stack gap="sm">
      {listed && (
        <SegmentedControl
          aria-label="How to choose records"
          data={WAYS}
          value={mode}
          onChange={(chosen) => onChange({ ...choice, mode: chosen as SelectionMode })}
        />
      )}
      {mode === 'all' && (
        <Alert variant="outline" color="gray" p="xs">
          <Text size="sm">
            Every record of <b>{collection}</b>, as the workers list them when the run begins.
          </Text>
        </Alert>
      )}
      {(mode === 'pick' || mode === 'except') && (
        <RecordsTable
          collection={collection}
          picked={picked}
          excluded={mode === 'except'}
          onChange={(now) => onChange({ ...choice, picked: now })}
        />
      )}
      {mode === 'paste' && (
        <Textarea
          label="Ids"
          description="Between commas, spaces or lines. Whole numbers are sent as numbers."
          autosize
          minRows={4}
          maxRows={12}
          value={pasted}
          onChange={(event) => onChange({ ...choice, pasted: event.currentTarget.value })}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
      )}
      {mode === 'paste' && (
        <Text size="xs" c="dimmed" aria-live="polite">
          {ids === 0 ? 'No ids yet' : counted(ids, 'id')}
        </Text>
      )}
      {error !== undefined && <Input.Error role="alert">{error}</Input.Error>}
    </Stack>
  )
}
