import { Alert, Anchor, Card, Code, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import type { ActionView } from '@flexaction/client'
import { IconAlertTriangle, IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { useActions, useIsOperator } from '../api.js'
import { Page } from '../parts/page.js'
import { EmptyState, ErrorState, LoadingRows } from '../parts/states.js'
import { counted, modelsOf, titleOf } from '../parts/words.js'
import { ActionCard } from './action-card.js'

/** What can be run, by collection. */
export function ActionsPage() {
  const actions = useActions()
  const runs = useIsOperator()
  const [typed, setTyped] = useState('')
  const [wanted] = useDebouncedValue(typed, 150)
  const all = actions.data?.actions ?? []
  const shown = all.filter((action) => matches(action, wanted))
  const unserved = all.filter(({ workers }) => workers === 0).length
  return (
    <Page
      title="Actions"
      about={actions.data && `${counted(all.length, 'action')} published`}
      actions={
        all.length > 0 && (
          <TextInput
            aria-label="Find an action"
            placeholder="Find an action"
            leftSection={<IconSearch size={15} />}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )
      }
    >
      {unserved > 0 && <NobodyServes unserved={unserved} all={all.length} />}
      {actions.isPending && <LoadingRows label="Loading actions" />}
      {actions.isError && !actions.data && <ErrorState error={actions.error} onRetry={() => void actions.refetch()} />}
      {actions.data && all.length === 0 && (runs ? <NothingPublished /> : <NothingPermitted />)}
      {all.length > 0 && shown.length === 0 && (
        <EmptyState title="No action fits">Search for a part of its name or its collection.</EmptyState>
      )}
      {groups(shown).map(([name, group]) => (
        <Stack key={name} gap="xs" component="section" aria-label={name}>
          <Title order={2}>{name}</Title>
          <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="sm">
            {group.map((action) => (
              <ActionCard key={action.identity} action={action} />
            ))}
          </SimpleGrid>
        </Stack>
      ))}
    </Page>
  )
}

function NobodyServes({ unserved, all }: { unserved: number; all: number }) {
  return (
    <Alert
      color="orange"
      variant="outline"
      icon={<IconAlertTriangle />}
      title={unserved === all ? 'No worker is running' : `Nobody serves ${counted(unserved, 'action')}`}
    >
      <Text size="sm">
        What is run now is kept and waits. Start a worker that has these actions; see{' '}
        <Anchor component={Link} href="/workers" size="sm" underline="always">
          workers and queues
        </Anchor>
        .
      </Text>
    </Alert>
  )
}

function NothingPublished() {
  return (
    <Card withBorder>
      <EmptyState title="No action is published yet">
        Put a module with <Code>defineAction</Code> into the actions folder of a worker and start the worker. Its
        actions appear here by themselves.
      </EmptyState>
    </Card>
  )
}

function NothingPermitted() {
  return (
    <Card withBorder>
      <EmptyState title="There is no action that you may run">
        Viewers see what became of runs. To run actions, log in with the token of an operator.
      </EmptyState>
    </Card>
  )
}

/** An action on several collections stands in the group of each. */
function groups(actions: readonly ActionView[]): [string, ActionView[]][] {
  const byName = new Map<string, ActionView[]>()
  for (const action of actions) {
    const models = modelsOf(action)
    for (const name of models.length === 0 ? [''] : models) byName.set(name, [...(byName.get(name) ?? []), action])
  }
  const named = [...byName].filter(([name]) => name !== '').sort(([a], [b]) => a.localeCompare(b))
  const common = byName.get('')
  return common ? [...named, ['Without a collection', common]] : named
}

function matches(action: ActionView, wanted: string): boolean {
  const texts = [action.name, titleOf(action), ...modelsOf(action)]
  return texts.some((text) => text.toLowerCase().includes(wanted.trim().toLowerCase()))
}
