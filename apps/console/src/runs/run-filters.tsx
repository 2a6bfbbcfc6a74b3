import { Group, Select, TextInput } from '@mantine/core'
import { DatePickerInput } from '@mantine/dates'
import { useDebouncedCallback } from '@mantine/hooks'
import type { RunState } from '@flexaction/client'
import { useEffect, useState } from 'react'
import { useActions } from '../api.js'
import { stateLabel } from '../parts/outcomes.js'

const STATES: RunState[] = [
  'waiting',
  'running',
  'paused',
  'halted',
  'succeeded',
  'completed_with_failures',
  'failed',
  'cancelled',
  'expired',
]

/** Two beside each other on a phone. */
const HALF = 'calc(50% - 5px)'

interface RunFiltersProps {
  query: URLSearchParams
  onChange(query: Record<string, string>): void
}

export function RunFilters({ query, onChange }: RunFiltersProps) {
  const actions = useActions()
  const names = [...new Set((actions.data?.actions ?? []).map(({ name }) => name))].sort()
  const change = (values: Readonly<Record<string, string | null>>): void => {
    const now = { ...Object.fromEntries(query), ...values }
    onChange(Object.fromEntries(Object.entries(now).flatMap(([key, value]) => (value ? [[key, value]] : []))))
  }
  return (
    <Group gap="xs" role="search" aria-label="Filter runs">
      <Select
        aria-label="Action"
        placeholder="Any action"
        data={names}
        value={query.get('action')}
        onChange={(action) => change({ action })}
        searchable
        clearable
        w={{ base: HALF, xs: 200 }}
      />
      <Select
        aria-label="State"
        placeholder="Any state"
        data={STATES.map((state) => ({ value: state, label: stateLabel(state) }))}
        value={query.get('state')}
        onChange={(state) => change({ state })}
        clearable
        w={{ base: HALF, xs: 190 }}
      />
      <LateInput label="User" value={query.get('user') ?? ''} onChange={(user) => change({ user })} />
      <LateInput label="Record id" value={query.get('record') ?? ''} onChange={(record) => change({ record })} />
      <DatePickerInput
        type="range"
        placeholder="Any day"
        valueFormat="YYYY-MM-DD"
        value={[query.get('since'), query.get('until')]}
        onChange={([since, until]) => change({ since, until })}
        allowSingleDateInRange
        clearable
        clearButtonProps={{ 'aria-label': 'Any day' }}
        w={{ base: HALF, xs: 230 }}
      />
    </Group>
  )
}

/** A text that counts when the person has stopped typing. */
function LateInput({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) {
  const [typed, setTyped] = useState(value)
  const tell = useDebouncedCallback(onChange, 400)
  useEffect(() => setTyped(value), [value])
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        tell(event.currentTarget.value.trim())
      }}
      w={{ base: HALF, xs: 140 }}
    />
  )
}
