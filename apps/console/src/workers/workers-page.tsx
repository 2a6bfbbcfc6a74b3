import {
  Alert,
  Anchor,
  Badge,
  Group,
  Paper,
  Progress,
  SegmentedControl,
  Select,
  Skeleton,
  Stack,
  Table,
  Text,
  Title,
  Tooltip,
} from '@mantine/core'
import type { ActionView, HistorySpan, WorkerView } from '@flexaction/client'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { client, useActions } from '../api.js'
import { queuePath, Served } from '../actions/action-card.js'
import { Page } from '../parts/page.js'
import { EmptyState, ErrorState, LoadingRows } from '../parts/states.js'
import { Ago, duration, useNow } from '../parts/time.js'
import { counted, titleOf } from '../parts/words.js'

const HistoryCharts = lazy(() => import('./history-charts.js'))

/** Who is alive, what is being done, and what waits. */
export default function WorkersPage() {
  const actions = useActions()
  const workers = useQuery({ queryKey: ['workers'], queryFn: () => client.workers(), refetchInterval: 2_000 })
  const stuck = (actions.data?.actions ?? []).filter(isStuck)
  return (
    <Page title="Workers and queues" about={workers.data && counted(workers.data.length, 'live worker')}>
      {stuck.length > 0 && (
        <Alert
          color="orange"
          variant="outline"
          icon={<IconAlertTriangle />}
          title="Work waits, and no worker serves it"
          role="alert"
        >
          <Text size="sm">
            {stuck.map((action) => `${titleOf(action)} (${counted(action.pendingItems, 'item')})`).join(', ')}. Start a
            worker that has {stuck.length === 1 ? 'this action' : 'these actions'}.
          </Text>
        </Alert>
      )}
      <Charts actions={actions.data?.actions ?? []} />
      <Stack gap="xs" component="section" aria-label="Workers">
        <Title order={2}>Workers</Title>
        {workers.isPending && <LoadingRows rows={2} label="Loading workers" />}
        {workers.isError && !workers.data && (
          <ErrorState error={workers.error} onRetry={() => void workers.refetch()} />
        )}
        {workers.data && <Workers workers={workers.data} />}
      </Stack>
      <Stack gap="xs" component="section" aria-label="Queues">
        <Title order={2}>Queues</Title>
        {actions.isPending && <LoadingRows rows={4} label="Loading queues" />}
        {actions.isError && !actions.data && (
          <ErrorState error={actions.error} onRetry={() => void actions.refetch()} />
        )}
        {actions.data && <Queues actions={actions.data.actions} />}
      </Stack>
    </Page>
  )
}

function isStuck(action: ActionView): boolean {
  return action.workers === 0 && action.pendingItems > 0
}

function Charts({ actions }: { actions: readonly ActionView[] }) {
  const [span, setSpan] = useState<HistorySpan>('hour')
  const [identity, setIdentity] = useState<string | null>(null)
  const history = useQuery({
    queryKey: ['history', span, identity],
    queryFn: () => client.history(span, identity ?? undefined),
    refetchInterval: 10_000,
  })
  return (
    <Paper withBorder p="md" component="section" aria-label="Over time">
      <Group justify="space-between" mb="sm" gap="xs">
        <Title order={2}>Over time</Title>
        <Group gap="xs">
          <Select
            aria-label="Action"
            placeholder="All actions"
            data={actions.map((action) => ({ value: action.identity, label: action.identity }))}
            value={identity}
            onChange={setIdentity}
            clearable
            searchable
            size="xs"
          />
          <SegmentedControl
            aria-label="Time"
            size="xs"
            data={[
              { value: 'hour', label: 'Last hour' },
              { value: 'day', label: 'Last day' },
            ]}
            value={span}
            onChange={(chosen) => setSpan(chosen as HistorySpan)}
          />
        </Group>
      </Group>
      {history.isError && !history.data && <ErrorState error={history.error} onRetry={() => void history.refetch()} />}
      {(history.isPending || history.data) && (
        <Suspense fallback={<Skeleton height={200} />}>
          {history.data ? <HistoryCharts history={history.data} /> : <Skeleton height={200} />}
        </Suspense>
      )}
    </Paper>
  )
}

function Workers({ workers }: { workers: readonly WorkerView[] }) {
  const now = useNow(5_000)
  if (workers.length === 0) {
    return (
      <EmptyState title="No worker is alive">
        Runs are kept and wait. Start one with <code>node apps/worker/dist/main.js</code>, or all with{' '}
        <code>npm start</code>.
      </EmptyState>
    )
  }
  return (
    <Table.ScrollContainer minWidth={560} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': 'Workers' } }}>
      <Table withTableBorder verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Worker</Table.Th>
            <Table.Th>Group</Table.Th>
            <Table.Th>Version</Table.Th>
            <Table.Th>Started</Table.Th>
            <Table.Th w={180}>Busy</Table.Th>
            <Table.Th>Serves</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {workers.map((worker) => (
            <Table.Tr key={worker.id}>
              <Table.Td>
                <Text size="sm">{worker.host}</Text>
                <Text size="xs" c="dimmed" className="numbers">
                  pid {worker.pid}
                </Text>
              </Table.Td>
              <Table.Td>{worker.group}</Table.Td>
              <Table.Td>{worker.version}</Table.Td>
              <Table.Td>
                <Ago iso={worker.startedAt} now={now} />
              </Table.Td>
              <Table.Td>
                <Busy worker={worker} />
              </Table.Td>
              <Table.Td>
                <Tooltip
                  label={<Lines lines={[...worker.actions, ...worker.collections.map((name) => `lists ${name}`)]} />}
                >
                  <Text size="sm" tabIndex={0} span>
                    {counted(worker.actions.length, 'action')}, {counted(worker.collections.length, 'collection')}
                  </Text>
                </Tooltip>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function Lines({ lines }: { lines: readonly string[] }) {
  return lines.map((line) => <div key={line}>{line}</div>)
}

function Busy({ worker: { busy, slots } }: { worker: WorkerView }) {
  if (busy === undefined || slots === undefined) return <Text size="sm">not said</Text>
  return (
    <Stack gap={3}>
      <Text size="xs" className="numbers">
        {busy} of {slots} slots
      </Text>
      <Progress
        value={slots === 0 ? 0 : (100 * busy) / slots}
        size={5}
        aria-label={`${busy} of ${slots} slots are busy`}
      />
    </Stack>
  )
}

function Queues({ actions }: { actions: readonly ActionView[] }) {
  if (actions.length === 0) {
    return (
      <EmptyState title="There are no queues yet">Each action that a worker publishes has one of its own.</EmptyState>
    )
  }
  return (
    <Table.ScrollContainer minWidth={640} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': 'Queues' } }}>
      <Table withTableBorder verticalSpacing="xs" className="numbers">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Queue</Table.Th>
            <Table.Th>Workers</Table.Th>
            <Table.Th ta="right">Items pending</Table.Th>
            <Table.Th ta="right">Jobs waiting</Table.Th>
            <Table.Th ta="right">Running</Table.Th>
            <Table.Th ta="right">Delayed</Table.Th>
            <Table.Th ta="right">Oldest waits</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {actions.map((action) => (
            <Table.Tr key={action.identity}>
              <Table.Td>
                <Anchor href={queuePath(action.identity)} size="sm">
                  {action.identity}
                </Anchor>
                {isStuck(action) && (
                  <Badge ml="xs" variant="outline" color="orange.9" c="var(--mantine-color-text)" tt="none" radius="sm">
                    work waits
                  </Badge>
                )}
              </Table.Td>
              <Table.Td>
                <Served action={action} />
              </Table.Td>
              <Table.Td ta="right">{action.pendingItems}</Table.Td>
              <Table.Td ta="right">{action.queue.waiting}</Table.Td>
              <Table.Td ta="right">{action.queue.active}</Table.Td>
              <Table.Td ta="right">{action.queue.delayed}</Table.Td>
              <Table.Td ta="right">
                {action.queue.oldestWaitMs === undefined ? '' : duration(action.queue.oldestWaitMs)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
