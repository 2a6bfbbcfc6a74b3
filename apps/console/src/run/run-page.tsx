import { Alert, Anchor, Badge, Card, Group, Stack, Tabs, Text, Tooltip, VisuallyHidden } from '@mantine/core'
import { ApiError, type Connection, type RunView } from '@flexaction/client'
import { IconAlertTriangle, IconExternalLink, IconPlugConnectedX } from '@tabler/icons-react'
import { lazy, Suspense } from 'react'
import { Link } from 'wouter'
import { useActions, useIsOperator } from '../api.js'
import { queuePath } from '../actions/action-card.js'
import { Copy } from '../parts/copy.js'
import { JsonView } from '../parts/json-view.js'
import { hasEnded, OutcomeBar, StateBadge, stateLabel } from '../parts/outcomes.js'
import { Page } from '../parts/page.js'
import { EmptyState, ErrorState, LoadingRows } from '../parts/states.js'
import { Ago, duration, took, useNow } from '../parts/time.js'
import { counted, humanize } from '../parts/words.js'
import { CountFilter } from './count-filter.js'
import { FailureGroups } from './failure-groups.js'
import { ItemsTable } from './items-table.js'
import { RunSteering } from './run-steering.js'
import { useItemFilter } from './use-item-filter.js'
import { useRate, useRun } from './use-run.js'

const RunInput = lazy(() => import('./run-input.js'))

/** One run: how far it is, what became of each record, what was sent. */
export default function RunPage({ id }: { id: string }) {
  const { query, connection, goesOn } = useRun(id)
  if (query.isPending) return <LoadingRows label="Loading the run" />
  if (!query.data) {
    if (query.error instanceof ApiError && query.error.status === 404) {
      return (
        <EmptyState title="There is no such run">
          Ended runs are kept for the time that RUN_RETENTION says.{' '}
          <Anchor component={Link} href="/runs" underline="always">
            See all runs
          </Anchor>
        </EmptyState>
      )
    }
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  }
  return <OneRun run={query.data} connection={connection} goesOn={goesOn} />
}

function OneRun({ run, connection, goesOn }: { run: RunView; connection: Connection | undefined; goesOn: boolean }) {
  const { state, failure, setFilter } = useItemFilter()
  const isOperator = useIsOperator()
  const actions = useActions()
  const action = actions.data?.actions.find(
    ({ name, target }) =>
      name === run.action &&
      target.kind === run.target &&
      (target.kind === 'common' || run.model === undefined || target.models.includes(run.model)),
  )
  return (
    <Page
      title={humanize(run.action)}
      about={<About run={run} queue={action && queuePath(action.identity)} />}
      actions={<RunSteering run={run} />}
    >
      {connection?.state === 'lost' && <ConnectionLost connection={connection} />}
      {goesOn && action?.workers === 0 && (
        <Alert color="orange" variant="outline" icon={<IconAlertTriangle />} title="No worker serves this action now">
          The run waits until a worker that has it is started.
        </Alert>
      )}
      {run.state === 'halted' && (
        <Alert color="orange" variant="outline" icon={<IconAlertTriangle />} title="Stopped by its own failure limit">
          Too many records failed. Look at the failures, then resume it or cancel it.
        </Alert>
      )}
      {run.listingFailed !== undefined && (
        <Alert color="orange" variant="outline" icon={<IconAlertTriangle />} title="Not all records were listed">
          {sentence(run.listingFailed)} The run has only the {counted(run.total, 'record')} that were listed before.
          Continue listing to run the others.
        </Alert>
      )}
      <Progress run={run} live={goesOn} />
      {run.result !== undefined && <JsonView value={run.result} label="Result" mah={200} />}
      {run.target === 'records' ? (
        <FailureGroups run={run} onFilter={(chosen) => setFilter({ state: 'failed', failure: chosen })} />
      ) : (
        <Failures run={run} />
      )}
      <Tabs defaultValue="items" keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="items">Items</Tabs.Tab>
          <Tabs.Tab value="input" disabled={!isOperator}>
            What was sent
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="items">
          <Stack gap="sm">
            <CountFilter run={run} state={state} onChange={(chosen) => setFilter({ state: chosen })} />
            {failure !== undefined && (
              <Text size="sm" c="dimmed">
                Only those that failed with: {failure}{' '}
                <Anchor component="button" type="button" size="sm" onClick={() => setFilter({ state })}>
                  Show all {state === 'failed' ? 'failed' : 'items'}
                </Anchor>
              </Text>
            )}
            <ItemsTable run={run} live={goesOn} state={state} failure={failure} onClear={() => setFilter({})} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="input">
          <Suspense fallback={<LoadingRows label="Loading what was sent" />}>
            <RunInput run={run} />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

function About({ run, queue }: { run: RunView; queue: string | undefined }) {
  const now = useNow()
  return (
    <Group gap="xs" mt={4}>
      <StateBadge state={run.state} />
      {run.cancelling && !hasEnded(run) && (
        <Badge variant="default" radius="sm" tt="none">
          being cancelled
        </Badge>
      )}
      <Text size="sm" c="dimmed">
        {run.model === undefined ? 'Sent' : `On ${run.model}, sent`} by {run.user} <Ago iso={run.createdAt} now={now} />
      </Text>
      <Group gap={2}>
        <Text size="sm" ff="monospace">
          {run.id}
        </Text>
        <Copy text={run.id} what="the run's id" />
      </Group>
      {queue !== undefined && (
        <Anchor href={queue} size="sm">
          Queue <IconExternalLink size={12} />
        </Anchor>
      )}
    </Group>
  )
}

function ConnectionLost({ connection }: { connection: Extract<Connection, { state: 'lost' }> }) {
  const now = useNow(500)
  const seconds = Math.max(0, Math.ceil((connection.retryAt - now) / 1_000))
  return (
    <Alert color="red" variant="outline" icon={<IconPlugConnectedX />} title="The connection is lost" role="alert">
      What you see may be out of date. {seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again now.'} (
      {connection.why})
    </Alert>
  )
}

function Progress({ run, live }: { run: RunView; live: boolean }) {
  const now = useNow()
  const { perSecond, leftMs } = useRate(run)
  const done = run.total - run.counts.waiting - run.counts.active
  // What was given up was not done.
  const reached = done - run.counts.cancelled - run.counts.expired
  const percent =
    run.total === 0 ? (live || run.state !== 'succeeded' ? 0 : 100) : Math.floor((100 * reached) / run.total)
  return (
    <Card withBorder padding="md">
      <Stack gap="xs">
        <Group justify="space-between" gap="xs">
          <Text fw={600} className="numbers" data-testid="progress">
            {percent} %{' '}
            <Text span c="dimmed" fw={400} size="sm">
              {reached.toLocaleString()} of {counted(run.total, 'item')}
              {run.listing && ', and more being listed'}
              {run.listingFailed !== undefined && ', but not all records were listed'}
            </Text>
          </Text>
          <Text size="sm" c="dimmed" className="numbers" component="div">
            {live && run.state === 'running' && perSecond !== undefined && (
              <Tooltip label="Over the last ten seconds">
                <span>
                  {perSecond >= 10 ? Math.round(perSecond).toLocaleString() : perSecond.toFixed(1)} items/s
                  {leftMs !== undefined && `, about ${duration(leftMs)} left`} ·{' '}
                </span>
              </Tooltip>
            )}
            {run.startedAt === undefined
              ? 'not started'
              : `${live ? 'for' : 'took'} ${took(run.startedAt, run.finishedAt, now)}`}
          </Text>
        </Group>
        <OutcomeBar counts={run.counts} total={run.total} size={12} />
        {run.times && <Times times={run.times} />}
        {/* For screen readers: at every tenth part, and when the state changes; not at every item. */}
        <VisuallyHidden role="status">
          The run is {stateLabel(run.state)}, {live ? `${percent - (percent % 10)} % done` : outcomesText(run)}
        </VisuallyHidden>
      </Stack>
    </Card>
  )
}

/** What a run that takes long waits for. */
function Times({ times: { calls, handlerMs, slotMs, limitMs, retryMs } }: { times: NonNullable<RunView['times']> }) {
  const perCall = (ms: number): string => duration(ms / calls)
  return (
    <Text size="sm" c="dimmed" className="numbers" data-testid="times">
      {counted(calls, 'call')}, on average {perCall(handlerMs)} in the handler, {perCall(slotMs)} waiting for a free
      slot
      {limitMs > 0 && `, ${perCall(limitMs)} waiting for a limit`}
      {retryMs > 0 && `, ${perCall(retryMs)} pausing before retries`}
    </Text>
  )
}

function outcomesText({ counts, total }: RunView): string {
  const failed = counts.failed > 0 ? `, ${counts.failed} of them failed` : ''
  return `${counted(total, 'item')} in all${failed}`
}

/** A text that may stand before another sentence. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function Failures({ run: { errors } }: { run: RunView }) {
  if (!errors || errors.length === 0) return null
  return (
    <Alert color="red" variant="outline" icon={<IconAlertTriangle />} title="Failed">
      {errors.map(({ id, message }, at) => (
        <Text key={at} size="sm">
          {id !== undefined && `${id}: `}
          {message}
        </Text>
      ))}
    </Alert>
  )
}
