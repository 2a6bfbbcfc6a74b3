import { Alert, Anchor, Drawer, Group, Stack, Table, Text } from '@mantine/core'
import type { Item, RunView } from '@flexaction/client'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { client, useIsOperator } from '../api.js'
import { JsonView } from '../parts/json-view.js'
import { StateBadge } from '../parts/outcomes.js'
import { ErrorState, LoadingRows } from '../parts/states.js'
import { duration, exactTime } from '../parts/time.js'
import { counted } from '../parts/words.js'
import { useItem } from './use-items.js'

/** Where everything that happened to a record is shown. */
export function recordPath(model: string | undefined, id: string | number): string {
  return `/records?${new URLSearchParams({ ...(model !== undefined && { model }), record: String(id) }).toString()}`
}

/** All about one item, kept up to date for as long as the run goes on. */
export function ItemDrawer({ run, item, onClose }: { run: RunView; item: Item | undefined; onClose(): void }) {
  return (
    <Drawer
      opened={item !== undefined}
      onClose={onClose}
      position="right"
      size="lg"
      title={item?.id === undefined ? 'Item' : `Record ${item.id}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {item && <ItemDetails run={run} item={item} />}
    </Drawer>
  )
}

function ItemDetails({ run, item: opened }: { run: RunView; item: Item }) {
  const { data: item = opened } = useItem(run, opened.id)
  const { id, state, attempts, startedAt, finishedAt, message, result, former } = item
  const isOperator = useIsOperator()
  return (
    <Stack gap="md">
      <Group gap="xs">
        <StateBadge state={state} />
        {id !== undefined && (
          <Anchor component={Link} href={recordPath(run.model, id)} size="sm">
            Everything about this record
          </Anchor>
        )}
      </Group>
      {message !== undefined && (
        <Alert
          color={state === 'failed' ? 'red' : 'gray'}
          variant="outline"
          title={state === 'waiting' ? 'The last attempt failed' : undefined}
        >
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {message}
          </Text>
        </Alert>
      )}
      <Table variant="vertical" layout="fixed" withTableBorder>
        <Table.Tbody>
          <Line name="Attempts" value={attempts} />
          <Line name="Started" value={startedAt === undefined ? 'not yet' : exactTime(startedAt)} />
          <Line name="Ended" value={finishedAt === undefined ? 'not yet' : exactTime(finishedAt)} />
          {startedAt !== undefined && finishedAt !== undefined && (
            <Line name="Took" value={duration(Date.parse(finishedAt) - Date.parse(startedAt))} />
          )}
        </Table.Tbody>
      </Table>
      {result !== undefined && <JsonView value={result} label="Result" />}
      {former && former.length > 0 && (
        <div>
          <Text size="xs" fw={600} c="dimmed" mb={4}>
            Before it was retried
          </Text>
          <Table withTableBorder>
            <Table.Tbody>
              {former.map((one, at) => (
                <Table.Tr key={at}>
                  <Table.Td w={120}>
                    <StateBadge state={one.state} size="sm" />
                  </Table.Td>
                  <Table.Td>
                    {one.message ?? ''} <Text span size="xs" c="dimmed">{`(${counted(one.attempts, 'attempt')})`}</Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      {isOperator && <Log run={run} id={id} />}
    </Stack>
  )
}

function Line({ name, value }: { name: string; value: string | number }) {
  return (
    <Table.Tr>
      <Table.Th w={110}>{name}</Table.Th>
      <Table.Td className="numbers">{value}</Table.Td>
    </Table.Tr>
  )
}

/** What the handler wrote with `ctx.log`. */
function Log({ run, id }: { run: RunView; id: string | number | undefined }) {
  const record = id === undefined ? undefined : String(id)
  const log = useQuery({
    queryKey: ['log', run.id, record],
    queryFn: () => client.log(run.id, record),
    refetchInterval: 3_000,
  })
  if (log.isPending) return <LoadingRows rows={2} label="Loading the log" />
  if (!log.data) return <ErrorState error={log.error} onRetry={() => void log.refetch()} />
  const { lines, items, worker } = log.data
  const shared = items > 1 ? ` (of ${items} items that ran together)` : ''
  return (
    <Stack gap="xs">
      {worker !== undefined && (
        <Text size="sm" c="dimmed">
          Worker: {worker}
        </Text>
      )}
      {lines.length === 0 ? (
        <Text size="sm" c="dimmed">
          The handler wrote no log lines.
        </Text>
      ) : (
        <JsonView value={lines.join('\n')} label={`Log${shared}`} />
      )}
    </Stack>
  )
}
