import { Anchor, Button, Group, Loader, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import type { Item, ItemState, RunView } from '@flexaction/client'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { StateBadge } from '../parts/outcomes.js'
import { EmptyState, ErrorState, LoadingRows } from '../parts/states.js'
import { duration } from '../parts/time.js'
import { type Column, type Row, VirtualTable } from '../parts/virtual-table.js'
import { ItemDrawer } from './item-drawer.js'
import { MOST_ROWS, useAllItems, useFoundItems } from './use-items.js'

interface ItemsTableProps {
  run: RunView
  live: boolean
  state: ItemState | undefined
  onClear(): void
}

const COLUMNS: Column[] = [
  { header: 'Record', width: 120 },
  { header: 'State', width: 130 },
  { header: 'Result or error' },
  { header: 'Attempts', width: 90, visibleFrom: 'md' },
  { header: 'Time', width: 100, visibleFrom: 'sm' },
]

/** What became of each record. */
export function ItemsTable({ run, live, state, onClear }: ItemsTableProps) {
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 300)
  const filtered = state !== undefined || search !== ''
  const all = useAllItems(run, live, !filtered)
  const found = useFoundItems(run, live, { state, search }, filtered)
  const rows = filtered ? found : all
  const [opened, setOpened] = useState<Item>()

  return (
    <>
      {run.target === 'records' && (
        <Group justify="space-between" gap="xs">
          <TextInput
            aria-label="Search in items"
            placeholder="Search by id or message"
            leftSection={<IconSearch size={15} />}
            rightSection={typed.trim() !== search ? <Loader size={14} /> : undefined}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            flex={1}
            maw={340}
          />
          {filtered && (
            <Text size="sm" c="dimmed" className="numbers" aria-live="polite">
              {rows.count.toLocaleString()}
              {found.more && ' and more'} found
            </Text>
          )}
        </Group>
      )}
      {rows.error !== undefined && rows.error !== null && <ErrorState error={rows.error} onRetry={rows.refetch} />}
      {rows.isPending && !rows.error && <LoadingRows label="Loading items" />}
      {!rows.isPending && !rows.error && rows.count === 0 && (
        <EmptyState title={filtered ? 'No item fits' : 'No items'}>
          {filtered ? (
            <Button variant="default" size="xs" onClick={() => (setTyped(''), onClear())}>
              Show all items
            </Button>
          ) : run.listing ? (
            'The records are still being listed.'
          ) : (
            'The collection had no records when the run began.'
          )}
        </EmptyState>
      )}
      {rows.count > 0 && (
        <VirtualTable
          key={filtered ? 'found' : 'all'}
          label="Items"
          columns={COLUMNS}
          count={rows.count}
          row={(index) => rowOf(index, rows.item(index), setOpened)}
          onOpen={(index) => setOpened(rows.item(index))}
          onView={rows.onView}
          maxHeight="max(300px, calc(100dvh - 380px))"
        />
      )}
      {!filtered && run.total > MOST_ROWS && (
        <Text size="sm" c="dimmed">
          The first {MOST_ROWS.toLocaleString()} are shown. Search, choose a state, or download all as CSV.
        </Text>
      )}
      <ItemDrawer run={run} item={opened} onClose={() => setOpened(undefined)} />
    </>
  )
}

function rowOf(index: number, item: Item | undefined, open: (item: Item) => void): Row | undefined {
  if (!item) return undefined
  const { id, state, attempts, startedAt, finishedAt } = item
  const ms =
    startedAt !== undefined && finishedAt !== undefined ? Date.parse(finishedAt) - Date.parse(startedAt) : undefined
  return {
    key: String(index),
    cells: [
      <Anchor
        key="id"
        component="button"
        type="button"
        size="sm"
        className="numbers"
        onClick={(event) => {
          event.stopPropagation()
          open(item)
        }}
      >
        {id ?? 'the whole'}
      </Anchor>,
      <StateBadge key="state" state={state} size="sm" />,
      <Text key="what" size="sm" span c={state === 'failed' ? 'var(--mantine-color-error)' : undefined}>
        {whatHappened(item)}
      </Text>,
      <span key="attempts" className="numbers">
        {attempts}
      </span>,
      <span key="time" className="numbers">
        {ms === undefined ? '' : duration(ms)}
      </span>,
    ],
  }
}

function whatHappened({ message, result, progress, state }: Item): string {
  if (message !== undefined) return message
  if (state === 'active' && progress !== undefined) return `${Math.round(progress)} %`
  return result === undefined ? '' : JSON.stringify(result)
}
