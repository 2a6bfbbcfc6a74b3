import '@mantine/dates/styles.css'
import { Group, Select, TextInput, useMatches } from '@mantine/core'
import { DateTimePicker } from '@mantine/dates'
import { useDebouncedCallback } from '@mantine/hooks'
import type { RunState } from '@flexaction/client'
import dayjs, { type Dayjs } from 'dayjs'
import { useEffect, useState } from 'react'
import { useActions } from '../api.js'
import { stateLabel } from '../parts/outcomes.js'
import { popupNamedBy, timeLabels } from '../parts/pickers.js'

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
  // Beside the calendar, they need more than a phone's width.
  const wide = useMatches({ base: false, sm: true })
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
        w={{ base: HALF, xs: 180 }}
      />
      <Select
        aria-label="State"
        placeholder="Any state"
        data={STATES.map((state) => ({ value: state, label: stateLabel(state) }))}
        value={query.get('state')}
        onChange={(state) => change({ state })}
        clearable
        w={{ base: HALF, xs: 180 }}
      />
      <LateInput label="User" value={query.get('user') ?? ''} onChange={(user) => change({ user })} />
      <LateInput label="Record id" value={query.get('record') ?? ''} onChange={(record) => change({ record })} />
      <DateTimePicker
        {...popupNamedBy('runs-time')}
        type="range"
        placeholder="Any time"
        valueFormat="YYYY-MM-DD HH:mm"
        value={[query.get('since'), query.get('until')]}
        onChange={([since, until]) => change({ since, until: until?.replace(MIDNIGHT, END_OF_DAY) ?? null })}
        {...(wide && { presets: presets() })}
        allowSingleDateInRange
        clearable
        clearButtonProps={{ 'aria-label': 'Any time' }}
        timePickerProps={timeLabels('From')}
        endTimePickerProps={timeLabels('Until')}
        w={{ base: '100%', xs: 320 }}
      />
    </Group>
  )
}

/** A day that was chosen without a time is meant until its end. */
const MIDNIGHT = / 00:00:00$/
const END_OF_DAY = ' 23:59:59'

function presets(): { label: string; value: [string, string] }[] {
  const now = dayjs()
  const text = (time: Dayjs): string => time.format('YYYY-MM-DD HH:mm:ss')
  return [
    { label: 'Last hour', value: [text(now.subtract(1, 'hour')), text(now.endOf('day'))] },
    { label: 'Today', value: [text(now.startOf('day')), text(now.endOf('day'))] },
    { label: 'Last 7 days', value: [text(now.subtract(6, 'day').startOf('day')), text(now.endOf('day'))] },
  ]
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
      w={{ base: HALF, xs: 120 }}
    />
  )
}
