import { Anchor, Badge, Button, Card, Group, Stack, Text } from '@mantine/core'
import type { ActionView } from '@flexaction/client'
import { IconAlertTriangle, IconPlayerPlay } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { basePath, client } from '../api.js'
import { StateBadge, stateLabel } from '../parts/outcomes.js'
import { Ago, useNow } from '../parts/time.js'
import { counted, modelsOf, targetText, titleOf } from '../parts/words.js'

const LAST_RUNS = 3

/** One action: what it does, who serves it, what became of its last runs. */
export function ActionCard({ action }: { action: ActionView }) {
  const { identity, name, entry } = action
  const title = titleOf(action)
  const fields = entry.params?.length ?? 0
  return (
    <Card withBorder padding="md">
      <Stack gap="xs" h="100%">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div style={{ minWidth: 0 }}>
            <Text fw={600}>{title}</Text>
            <Text size="xs" c="dimmed" ff="monospace" className="one-line">
              {name}
            </Text>
          </div>
          <Button
            component={Link}
            href={`/actions/${encodeURIComponent(identity)}`}
            size="xs"
            leftSection={<IconPlayerPlay size={14} />}
            aria-label={[`Run ${title}`, ...modelsOf(action)].join(', ')}
            style={{ flex: 'none' }}
          >
            Run
          </Button>
        </Group>
        {typeof entry.description === 'string' && <Text size="sm">{entry.description}</Text>}
        <Text size="sm" c="dimmed">
          {targetText(action)}; {fields === 0 ? 'no form' : counted(fields, 'field')}
        </Text>
        <Group gap="xs" mt="auto">
          <Served action={action} />
          <Depth action={action} />
        </Group>
        <LastRuns action={action} />
      </Stack>
    </Card>
  )
}

export function Served({ action: { workers } }: { action: ActionView }) {
  if (workers > 0)
    return (
      <Badge variant="default" radius="sm" tt="none" fw={500}>
        {counted(workers, 'worker')}
      </Badge>
    )
  return (
    <Badge
      variant="outline"
      color="orange.9"
      c="var(--mantine-color-text)"
      radius="sm"
      tt="none"
      fw={600}
      leftSection={<IconAlertTriangle size={12} />}
    >
      no worker
    </Badge>
  )
}

function Depth({ action: { pendingItems, identity } }: { action: ActionView }) {
  if (pendingItems === 0) return null
  return (
    <Anchor href={queuePath(identity)} size="xs" className="numbers">
      {counted(pendingItems, 'item')} pending
    </Anchor>
  )
}

/** Where the dashboard shows an action's queue. */
export function queuePath(identity: string): string {
  return `${basePath}/queues/queue/${encodeURIComponent(identity)}`
}

function LastRuns({ action: { name, target } }: { action: ActionView }) {
  const now = useNow(5_000)
  const { data } = useQuery({
    queryKey: ['runs', 'last', name],
    queryFn: () => client.runs({ action: name, limit: 2 * LAST_RUNS }),
    refetchInterval: 5_000,
  })
  // The same name may stand for several targets.
  const runs = data?.runs.filter((run) => run.target === target.kind).slice(0, LAST_RUNS) ?? []
  if (!data) return null
  if (runs.length === 0)
    return (
      <Text size="xs" c="dimmed">
        Not run yet
      </Text>
    )
  return (
    <Stack gap={4} component="ul" m={0} p={0} style={{ listStyle: 'none' }} aria-label="Last runs">
      {runs.map((run) => (
        <Group key={run.id} component="li" gap="xs" wrap="nowrap" justify="space-between">
          <Anchor
            component={Link}
            href={`/runs/${run.id}`}
            size="sm"
            c="inherit"
            aria-label={`${stateLabel(run.state)}, run ${run.id}`}
          >
            <StateBadge state={run.state} size="sm" />
          </Anchor>
          <Text size="xs" c="dimmed" className="one-line">
            {counted(run.total, 'item')}, {run.user}, <Ago iso={run.createdAt} now={now} />
          </Text>
        </Group>
      ))}
    </Stack>
  )
}
