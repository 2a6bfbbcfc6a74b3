import {
  Badge,
  Code,
  Grid,
  Group,
  NavLink,
  Paper,
  ScrollArea,
  SimpleGrid,
  Stack,
  Switch,
  Table,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import type { WireEntry } from '@flexaction/client'
import { IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client, messagesUrl, useIsOperator } from '../api.js'
import { Copy } from '../parts/copy.js'
import { JsonView } from '../parts/json-view.js'
import { Page } from '../parts/page.js'
import { EmptyState, ErrorState, LoadingRows } from '../parts/states.js'
import { duration, exactTime } from '../parts/time.js'
import { counted } from '../parts/words.js'

/** The last messages, request and answer side by side. */
export default function WirePage() {
  const isOperator = useIsOperator()
  const [live, setLive] = useState(true)
  const [wanted, setWanted] = useState('')
  const [chosen, setChosen] = useState<string>()
  const wire = useQuery({
    queryKey: ['wire'],
    queryFn: () => client.wire(),
    refetchInterval: live ? 2_000 : false,
    enabled: isOperator,
  })
  const entries = (wire.data ?? []).filter((entry) => matches(entry, wanted.trim().toLowerCase()))
  const shown = entries.find((entry) => keyOf(entry) === chosen) ?? entries[0]
  return (
    <Page
      title="Wire"
      about={
        <>
          The last messages that Jet Admin, or any other caller, has exchanged with the gateways. Secrets are masked,
          long lists are cut.
          <Group gap={4}>
            Messages URL for Jet Admin: <Code>{messagesUrl}</Code>
            <Copy text={messagesUrl} what="the messages URL" />
          </Group>
        </>
      }
      actions={<Switch label="Live" checked={live} onChange={(event) => setLive(event.currentTarget.checked)} />}
    >
      {!isOperator && (
        <EmptyState title="For operators">Messages hold what people typed. Log in with an operator's token.</EmptyState>
      )}
      {isOperator && wire.isPending && <LoadingRows label="Loading messages" />}
      {wire.isError && !wire.data && <ErrorState error={wire.error} onRetry={() => void wire.refetch()} />}
      {wire.data?.length === 0 && (
        <EmptyState title="No messages yet">
          Enter the address above as Messages URL in the settings of your Jet Admin project, or run an action here: what
          passes appears by itself.
        </EmptyState>
      )}
      {wire.data && wire.data.length > 0 && (
        <Grid gap="md">
          <Grid.Col span={{ base: 12, md: 4, lg: 3 }}>
            <Stack gap="xs">
              <TextInput
                aria-label="Search in messages"
                placeholder="Search in messages"
                leftSection={<IconSearch size={15} />}
                value={wanted}
                onChange={(event) => setWanted(event.currentTarget.value)}
              />
              <Text size="xs" c="dimmed" aria-live="polite">
                {counted(entries.length, 'message')}
              </Text>
              <ScrollArea.Autosize
                mah={{ base: 240, md: 'max(260px, calc(100dvh - 320px))' }}
                viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'Messages' }}
              >
                {entries.map((entry) => (
                  <NavLink
                    key={keyOf(entry)}
                    component="button"
                    type="button"
                    active={entry === shown}
                    aria-current={entry === shown ? 'true' : undefined}
                    variant="subtle"
                    label={entry.name === '' ? '(no name)' : entry.name}
                    description={`${new Date(entry.at).toLocaleTimeString()}, ${entry.user ?? 'nobody'}, ${duration(entry.ms)}`}
                    rightSection={<Status status={entry.answer.status} />}
                    onClick={() => setChosen(keyOf(entry))}
                  />
                ))}
              </ScrollArea.Autosize>
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 8, lg: 9 }}>
            {shown ? (
              <Exchange entry={shown} />
            ) : (
              <EmptyState title="No message fits">Search for something else.</EmptyState>
            )}
          </Grid.Col>
        </Grid>
      )}
    </Page>
  )
}

function keyOf({ id, at }: WireEntry): string {
  return `${id} ${at}`
}

function matches({ name, user = '', request, answer, id }: WireEntry, wanted: string): boolean {
  return [name, user, id, request.body, answer.body, String(answer.status)].some((text) =>
    text.toLowerCase().includes(wanted),
  )
}

function Status({ status }: { status: number }) {
  const color = status >= 500 ? 'red.6' : status >= 400 ? 'orange.6' : 'teal.6'
  return (
    <Badge variant="dot" color={color} radius="sm" size="sm">
      {status}
    </Badge>
  )
}

function Exchange({ entry }: { entry: WireEntry }) {
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {exactTime(entry.at)}, {entry.user ?? 'nobody'}, answered in {duration(entry.ms)}, request id{' '}
        <Text span ff="monospace" size="sm">
          {entry.id}
        </Text>
      </Text>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Side title="Request" headers={entry.request.headers} body={entry.request.body} />
        <Side title={`Answer ${entry.answer.status}`} headers={entry.answer.headers} body={entry.answer.body} />
      </SimpleGrid>
    </Stack>
  )
}

function Side({ title, headers, body }: { title: string; headers: Record<string, string>; body: string }) {
  return (
    <Paper withBorder p="sm" style={{ minWidth: 0 }}>
      <Title order={2} mb="xs">
        {title}
      </Title>
      {Object.keys(headers).length > 0 && (
        <Table variant="vertical" layout="fixed" mb="sm" fz="xs" verticalSpacing={3}>
          <Table.Tbody>
            {Object.entries(headers).map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Th w={130}>{name}</Table.Th>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <JsonView value={body === '' ? '(empty)' : body} label={`${title}: body`} mah={520} />
    </Paper>
  )
}
