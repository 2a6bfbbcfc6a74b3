import type { FailureGroup, RunView } from '@flexaction/client'
import { Anchor, Button, Card, Group, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconDownload, IconFilter, IconRefresh } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { client, queryClient, useIsOperator } from '../api.js'
import { askFirst } from '../parts/ask-first.js'
import { hasEnded } from '../parts/outcomes.js'
import { messageOf } from '../parts/states.js'
import { counted } from '../parts/words.js'
import { readItemsAgain } from './use-run.js'

/** Why records failed, most frequent cause first, with what can be done about each cause. */
export function FailureGroups({ run, onFilter }: { run: RunView; onFilter: (failure: string) => void }) {
  const isOperator = useIsOperator()
  const { data } = useQuery({
    queryKey: ['failures', run.id, run.counts.failed],
    queryFn: () => client.failures(run.id),
    enabled: run.counts.failed > 0,
  })
  const retry = useMutation({
    mutationFn: ({ failure }: FailureGroup) => client.retry(run.id, { failure }),
    onSuccess: (now) => {
      queryClient.setQueryData(['run', run.id], now)
      void readItemsAgain(run.id)
      notifications.show({ message: 'The records run again', color: 'teal' })
    },
    onError: (error) =>
      notifications.show({
        title: 'The retry did not work',
        message: messageOf(error),
        color: 'red',
        autoClose: false,
      }),
  })
  const ask = (group: FailureGroup): void =>
    askFirst({
      title: 'Retry these records?',
      text: `Run ${counted(group.count, 'record')} again, with the same form? All others are left alone.`,
      confirm: 'Retry these',
      onConfirm: () => retry.mutate(group),
    })
  if (run.counts.failed === 0 || !data || data.groups.length === 0) return null
  return (
    <Card withBorder padding="md" component="section" aria-label="Failures by cause">
      <Stack gap="xs">
        <Text fw={600}>Failures by cause</Text>
        {data.groups.map((group) => (
          <Group key={group.failure} justify="space-between" gap="xs" data-testid="failure-group">
            <Text size="sm" flex={1} miw={200} title={group.example}>
              <Text span fw={600} className="numbers">
                {group.count.toLocaleString()}
              </Text>{' '}
              · {group.failure}
            </Text>
            <Group gap="xs">
              <Anchor component="button" type="button" size="sm" onClick={() => onFilter(group.failure)}>
                <IconFilter size={13} /> Show
              </Anchor>
              <Anchor href={client.csvUrl(run.id, { failure: group.failure })} download size="sm">
                <IconDownload size={13} /> CSV
              </Anchor>
              {isOperator && hasEnded(run) && (
                <Button
                  size="compact-xs"
                  variant="default"
                  leftSection={<IconRefresh size={13} />}
                  loading={retry.isPending && retry.variables.failure === group.failure}
                  onClick={() => ask(group)}
                >
                  Retry these
                </Button>
              )}
            </Group>
          </Group>
        ))}
        {data.other > 0 && (
          <Text size="sm" c="dimmed">
            {counted(data.other, 'record')} failed for other reasons.
          </Text>
        )}
      </Stack>
    </Card>
  )
}
