import { Anchor, Autocomplete, Button, Group, Paper, Stack, Text, TextInput, Timeline } from '@mantine/core'
import { useForm } from '@mantine/form'
import type { Item, RunView } from '@flexaction/client'
import { IconSearch } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { client, useActions } from '../api.js'
import { colorOf, StateBadge } from '../parts/outcomes.js'
import { Page } from '../parts/page.js'
import { EmptyState, ErrorState, LoadingRows } from '../parts/states.js'
import { Ago, duration, useNow } from '../parts/time.js'
import { counted, humanize, modelsOf, outcomeText } from '../parts/words.js'
import { ItemDrawer } from '../run/item-drawer.js'
import { useItem } from '../run/use-items.js'

const PER_PAGE = 20
/** While nothing is found, further pages are looked through by themselves, at most so many. */
const MOST_LOOKS = 20

/** Everything that ever happened to one record, over all actions. */
export default function RecordPage() {
  const [query, setQuery] = useSearchParams()
  const record = query.get('record') ?? ''
  const model = query.get('model') ?? ''
  return (
    <Page
      title={record === '' ? 'Record' : `Record ${record}`}
      about="Everything that happened to one record, over all actions."
    >
      <RecordForm key={`${model} ${record}`} model={model} record={record} onChange={setQuery} />
      {record === '' ? (
        <EmptyState title="Which record?">
          Enter its id, and its collection if ids repeat between collections.
        </EmptyState>
      ) : (
        <RecordHistory key={`${model} ${record}`} model={model === '' ? undefined : model} record={record} />
      )}
    </Page>
  )
}

interface RecordFormProps {
  model: string
  record: string
  onChange(query: Record<string, string>): void
}

function RecordForm({ model, record, onChange }: RecordFormProps) {
  const actions = useActions()
  const models = [...new Set((actions.data?.actions ?? []).flatMap(modelsOf))].sort()
  const form = useForm({ initialValues: { model, record } })
  const submit = form.onSubmit((values) => {
    const entries = Object.entries(values).map(([key, value]) => [key, value.trim()])
    onChange(Object.fromEntries(entries.filter(([, value]) => value !== '')) as Record<string, string>)
  })
  return (
    <Paper withBorder p="sm" component="form" onSubmit={submit} role="search" aria-label="Find a record">
      <Group align="flex-end" gap="sm">
        <TextInput label="Id" w={{ base: '100%', xs: 200 }} autoComplete="off" {...form.getInputProps('record')} />
        <Autocomplete
          label="Collection"
          placeholder="Any"
          data={models}
          w={{ base: '100%', xs: 240 }}
          {...form.getInputProps('model')}
        />
        <Button type="submit" leftSection={<IconSearch size={15} />}>
          Find
        </Button>
      </Group>
    </Paper>
  )
}

function RecordHistory({ model, record }: { model: string | undefined; record: string }) {
  const runs = useInfiniteQuery({
    queryKey: ['runs', 'of record', model, record],
    queryFn: async ({ pageParam, signal }) => {
      let page = await client.runs({ model, record, cursor: pageParam, limit: PER_PAGE }, signal)
      for (let looks = 1; page.runs.length === 0 && page.next !== undefined && looks < MOST_LOOKS; looks++) {
        page = await client.runs({ model, record, cursor: page.next, limit: PER_PAGE }, signal)
      }
      return page
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state: { data } }) => ((data?.pages.length ?? 0) <= 1 ? 5_000 : false),
  })
  const [opened, setOpened] = useState<{ run: RunView; item: Item }>()
  if (runs.isPending) return <LoadingRows label="Looking for the record" />
  if (!runs.data) return <ErrorState error={runs.error} onRetry={() => void runs.refetch()} />
  const all = runs.data.pages.flatMap((page) => page.runs)
  if (all.length === 0) {
    return (
      <EmptyState title="Nothing is known about this record">
        It was in no run that is still kept. Ids are compared as texts: check for spaces, and the collection.
      </EmptyState>
    )
  }
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        In {counted(all.length, 'run')}
        {runs.hasNextPage && ' and more'}, newest first
      </Text>
      <Timeline bulletSize={14} lineWidth={2} active={all.length - 1}>
        {all.map((run) => (
          <Timeline.Item key={run.id} color={colorOf(run.state)}>
            <RecordInRun run={run} record={record} onOpen={(item) => setOpened({ run, item })} />
          </Timeline.Item>
        ))}
      </Timeline>
      {runs.hasNextPage && (
        <Button
          variant="default"
          w="fit-content"
          loading={runs.isFetchingNextPage}
          onClick={() => void runs.fetchNextPage()}
        >
          Look further back
        </Button>
      )}
      <ItemDrawer run={opened?.run ?? (all[0] as RunView)} item={opened?.item} onClose={() => setOpened(undefined)} />
    </Stack>
  )
}

/** What one run did to the record. */
function RecordInRun({ run, record, onOpen }: { run: RunView; record: string; onOpen(item: Item): void }) {
  const now = useNow(5_000)
  const read = useItem(run, record)
  const item = read.data
  const outcome = item ? outcomeText(item) : ''
  const ms = item?.startedAt && item.finishedAt ? Date.parse(item.finishedAt) - Date.parse(item.startedAt) : undefined
  return (
    <Stack gap={2}>
      <Group gap="xs">
        <Anchor component={Link} href={`/runs/${run.id}`} fw={600} size="sm">
          {humanize(run.action)}
        </Anchor>
        {item && <StateBadge state={item.state} size="sm" />}
        <Text size="sm" c="dimmed" component="div">
          sent <Ago iso={run.createdAt} now={now} /> by {run.user}
          {ms !== undefined && `, took ${duration(ms)}`}
          {item && item.attempts > 1 && `, ${counted(item.attempts, 'attempt')}`}
        </Text>
      </Group>
      {read.isError && !item && <ErrorState error={read.error} onRetry={() => void read.refetch()} />}
      {item && (
        <Group gap="xs" wrap="nowrap">
          {outcome !== '' && (
            <Text
              size="sm"
              c={item.state === 'failed' ? 'var(--mantine-color-error)' : undefined}
              lineClamp={2}
              style={{ overflowWrap: 'anywhere' }}
            >
              {outcome}
            </Text>
          )}
          <Anchor
            component="button"
            type="button"
            size="sm"
            onClick={() => onOpen(item)}
            style={{ flex: 'none' }}
            aria-label={`Details of ${run.action} in run ${run.id}`}
          >
            Details
          </Anchor>
        </Group>
      )}
    </Stack>
  )
}
