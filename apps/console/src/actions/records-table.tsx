import { ActionIcon, Box, Checkbox, Group, Loader, Table, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconChevronLeft, IconChevronRight, IconSearch } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api.js'
import { EmptyState, ErrorState, LoadingRows } from '../parts/states.js'
import { counted } from '../parts/words.js'
import type { PickedRecords } from './selection-input.js'

const PER_PAGE = 20

interface RecordsTableProps {
  collection: string
  picked: PickedRecords
  /** Whether the picked ones are those to leave out. */
  excluded: boolean
  onChange(picked: PickedRecords): void
}

/** A collection's records, page by page, to tick. */
export function RecordsTable({ collection, picked, excluded, onChange }: RecordsTableProps) {
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed, 250)
  /** The cursors of the pages up to the one that is shown; the first page has none. */
  const [cursors, setCursors] = useState<{ search: string; list: (string | undefined)[] }>({
    search,
    list: [undefined],
  })
  const list = cursors.search === search ? cursors.list : [undefined]
  const cursor = list.at(-1)
  const page = useQuery({
    queryKey: ['records', collection, search, cursor],
    queryFn: ({ signal }) => client.records(collection, { search, cursor, limit: PER_PAGE }, signal),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  })
  const records = page.data?.records ?? []
  const onPage = records.filter(({ id }) => picked.has(String(id))).length

  const pick = (wanted: boolean, ids: readonly (string | number)[]): void => {
    const now = new Map(picked)
    for (const id of ids) {
      if (wanted) now.set(String(id), id)
      else now.delete(String(id))
    }
    onChange(now)
  }

  return (
    <Box>
      <Group justify="space-between" mb="xs" gap="xs">
        <TextInput
          aria-label={`Search in ${collection}`}
          placeholder={`Search in ${collection}`}
          leftSection={<IconSearch size={15} />}
          rightSection={page.isFetching ? <Loader size={14} /> : undefined}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          flex={1}
          maw={320}
        />
        <Text size="sm" c="dimmed" aria-live="polite">
          {counted(picked.size, 'record')} {excluded ? 'left out' : 'chosen'}
        </Text>
      </Group>
      {page.isPending && <LoadingRows rows={5} label="Loading records" />}
      {page.isError && !page.data && <ErrorState error={page.error} onRetry={() => void page.refetch()} />}
      {page.data && records.length === 0 && (
        <EmptyState title="No record fits">
          {search === '' ? `The workers list no records of ${collection}.` : 'Search for something else.'}
        </EmptyState>
      )}
      {records.length > 0 && (
        <Table.ScrollContainer minWidth={280} maxHeight="max(240px, calc(100dvh - 470px))">
          <Table highlightOnHover verticalSpacing={6} stickyHeader>
            <Table.Thead>
              <Table.Tr>
                <Table.Th w={40}>
                  <Checkbox
                    size="xs"
                    aria-label="All on this page"
                    checked={onPage === records.length}
                    indeterminate={onPage > 0 && onPage < records.length}
                    onChange={(event) =>
                      pick(
                        event.currentTarget.checked,
                        records.map(({ id }) => id),
                      )
                    }
                  />
                </Table.Th>
                <Table.Th w={110}>Id</Table.Th>
                <Table.Th>Record</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {records.map(({ id, label }) => (
                <Table.Tr key={String(id)}>
                  <Table.Td>
                    <Checkbox
                      size="xs"
                      aria-label={`${label} (${id})`}
                      checked={picked.has(String(id))}
                      onChange={(event) => pick(event.currentTarget.checked, [id])}
                    />
                  </Table.Td>
                  <Table.Td className="numbers">{id}</Table.Td>
                  <Table.Td className="one-line">{label}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {(list.length > 1 || page.data?.next !== undefined) && (
        <Group justify="flex-end" gap="xs" mt="xs">
          <Text size="sm" c="dimmed">
            Page {list.length}
          </Text>
          <ActionIcon
            variant="default"
            aria-label="Page before"
            disabled={list.length === 1}
            onClick={() => setCursors({ search, list: list.slice(0, -1) })}
          >
            <IconChevronLeft size={16} />
          </ActionIcon>
          <ActionIcon
            variant="default"
            aria-label="Next page"
            disabled={page.data?.next === undefined || page.isPlaceholderData}
            onClick={() => setCursors({ search, list: [...list, page.data?.next] })}
          >
            <IconChevronRight size={16} />
          </ActionIcon>
        </Group>
      )}
    </Box>
  )
}
