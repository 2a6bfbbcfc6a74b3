import { Anchor, Button, Group, Loader, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import type { Item, ItemState, RunView } from '@flexaction/client'
import { IconSearch } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { StateBadge } from '../parts/outcomes.js'
import { EmptyState, ErrorState, LoadingRows } from '../parts/states.js'
import { duration } from '../parts/time.js'
import { type Column, VirtualTable } from '../parts/virtual-table.js'
import { outcomeText } from '../parts/words.js'
import { ItemDrawer } from './item-drawer.js'
import { MOST_ROWS, useAllItems, useFoundItems } from './use-items.js'

interface ItemsTableProps {
  run: RunView
  live: boolean
  state: ItemState | undefined
  /** The fingerprint of a failure: those that failed so. */
  failure: string | undefined
  onClear(): void
}

/** What stands for the id of the one item of a collection or common action is its collection. */
function columnsFor(model: string | undefined): Column<Item>[] {
  return [
    {
      header: 'Record',
      width: { base: 76, sm: 120 },
      // The row opens the item, for whoever clicks anywhere in it; the button is for the keyboard.
      cell: ({ id }) => (
        <Anchor component="button" type="button" size="sm" className="numbers">
          {id ?? model ?? 'no record'}
        </Anchor>
      ),
    },
    {
      header: 'State',
      width: { base: 112, sm: 130 },
      cell: ({ state }) => <StateBadge state={state} size="sm" />,
    },
    {
      header: 'Result or error',
      cell: (item) => (
        <Text size="sm" span c={item.state === 'failed' ? 'var(--mantine-color-error)' : undefined}>
          {outcomeText(item)}
        </Text>
      ),
    },
    {
      header: 'Attempts',
      width: 90,
      visibleFrom: 'md',
      cell: ({ attempts }) => <span className="numbers">{attempts}</span>,
    },
    {
      header: 'Time',
      width: 100,
      visibleFrom: 'sm',
      cell: ({ startedAt, finishedAt }) => (
        <span className="numbers">
          {startedAt !== undefined &&
            finishedAt !== undefined &&
            duration(Date.parse(finishedAt) - Date.parse(startedAt))}
        </span>
      ),
    },
  ]
}

function keyOf(_: Item, index: number): string {
  return String(index)
}

/** What became of each record. */
export function ItemsTable({ run, live, state, failure, onClear }: ItemsTableProps) {
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 300)
  const filtered = state !== undefined || failure !== undefined || search !== ''
  const all = useAllItems(run, live, !filtered)
  const found = useFoundItems(run, live, { state, failure, search }, filtered)
  const rows = filtered ? found : all
  const [opened, setOpened] = useState<Item>()
  const columns = useMemo(() => columnsFor(run.model), [run.model])

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
          ) : run.listingFailed !== undefined ? (
            'The records of the collection could not be listed.'
          ) : (
            'The collection had no records when the run began.'
          )}
        </EmptyState>
      )}
      {rows.count > 0 && (
        <VirtualTable
          key={filtered ? 'found' : 'all'}
          label="Items"
          columns={columns}
          count={rows.count}
          value={rows.item}
          keyOf={keyOf}
          onOpen={setOpened}
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
