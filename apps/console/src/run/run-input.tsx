import { Button, Code, Group, Stack, Table, Text } from '@mantine/core'
import { executionParams, type RunInputView, type RunView } from '@flexaction/client'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { client, messagesUrl } from '../api.js'
import { JsonView } from '../parts/json-view.js'
import { ErrorState, LoadingRows } from '../parts/states.js'
import { exactTime } from '../parts/time.js'
import { counted } from '../parts/words.js'

/** What the API shows in place of a secret value. */
const SECRET_SHOWN = '[secret]'
/** A command line holds no more ids than this; more of them go into a file. */
const IDS_IN_COMMAND = 1_000
/** An address holds no more ids than this. */
const IDS_IN_ADDRESS = 200

/** What was sent: form, selection, who, when; and the request to send it again. */
export default function RunInput({ run }: { run: RunView }) {
  const input = useQuery({ queryKey: ['input', run.id], queryFn: () => client.input(run.id), staleTime: 60_000 })
  if (input.isPending) return <LoadingRows label="Loading what was sent" />
  if (!input.data) return <ErrorState error={input.error} onRetry={() => void input.refetch()} />
  const { form, selection, user, requestId, identity } = input.data
  return (
    <Stack gap="md">
      <Table variant="vertical" layout="fixed" withTableBorder maw={720}>
        <Table.Tbody>
          <Table.Tr>
            <Table.Th w={120}>Who</Table.Th>
            <Table.Td>
              {user.name} ({user.role})
            </Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Th>When</Table.Th>
            <Table.Td>{exactTime(run.createdAt)}</Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Th>Records</Table.Th>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{selectionText(selection)}</Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Th>Request id</Table.Th>
            <Table.Td>
              <Code>{requestId}</Code>
            </Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
      <Button
        component={Link}
        href={againPath(run, identity, selection)}
        variant="default"
        size="xs"
        leftSection={<IconPlayerPlay size={14} />}
        w="fit-content"
      >
        Run again with other values
      </Button>
      <JsonView value={form} label="Form" />
      <Reproduce run={run} input={input.data} />
    </Stack>
  )
}

function Reproduce({ run, input }: { run: RunView; input: RunInputView }) {
  const { selection, form } = input
  const many = selection.mode !== 'none' && selection.total > IDS_IN_COMMAND
  const download = async (): Promise<void> => {
    save(`run-${run.id}.json`, JSON.stringify(messageOf(run, await client.input(run.id, 'all'))))
  }
  const data = many ? `@run-${run.id}.json` : JSON.stringify(messageOf(run, { ...input, form }))
  return (
    <Stack gap="xs">
      <JsonView value={curl(data)} label="The same request, from a command line" />
      {Object.values(form).includes(SECRET_SHOWN) && (
        <Text size="sm" c="dimmed">
          Secret values are not shown. Put them in place of {SECRET_SHOWN} before you send it.
        </Text>
      )}
      {many && (
        <Group>
          <Button size="xs" variant="default" onClick={() => void download()}>
            Download its body
          </Button>
          <Text size="sm" c="dimmed">
            {counted(selection.total, 'id')} are too many for a command line.
          </Text>
        </Group>
      )}
    </Stack>
  )
}

function messageOf(run: RunView, { form, selection }: Pick<RunInputView, 'form' | 'selection'>): unknown {
  const params = executionParams({
    name: run.action,
    model: run.model,
    ...(selection.mode === 'only' && { selection: { ids: selection.ids } }),
    ...(selection.mode === 'allExcept' && { selection: { allExcept: selection.ids } }),
    form,
  })
  return { name: 'execute_action', params }
}

function curl(data: string): string {
  const quoted = `'${data.replaceAll("'", String.raw`'\''`)}'`
  return [
    `curl -i ${messagesUrl}`,
    `-H "Authorization: Token $FLEXACTION_TOKEN"`,
    `-H 'Content-Type: application/json'`,
    `-d ${quoted}`,
  ].join(' \\\n  ')
}

function againPath(run: RunView, identity: string, selection: RunInputView['selection']): string {
  const ids = selection.mode === 'only' && selection.total <= IDS_IN_ADDRESS ? selection.ids.join(',') : undefined
  const query = new URLSearchParams({ ...(run.model !== undefined && { model: run.model }), ...(ids && { ids }) })
  return `/actions/${encodeURIComponent(identity)}?${query.toString()}`
}

function selectionText(selection: RunInputView['selection']): string {
  if (selection.mode === 'none') return 'none: the action takes no records'
  const shown = selection.ids.slice(0, 50).join(', ')
  const more = selection.total > 50 ? ` and ${(selection.total - 50).toLocaleString()} more` : ''
  if (selection.mode === 'only') return shown + more
  return selection.total === 0 ? 'all' : `all except ${shown}${more}`
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  URL.revokeObjectURL(url)
}
