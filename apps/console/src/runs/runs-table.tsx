import { Anchor, Box, Stack, Text } from '@mantine/core'
import type { RunView } from '@flexaction/client'
import { type MouseEvent, useCallback, useMemo } from 'react'
import { Link, useLocation } from 'wouter'
import { OutcomeBar, StateBadge } from '../parts/outcomes.js'
import { Ago, took, useNow } from '../parts/time.js'
import { type Column, VirtualTable } from '../parts/virtual-table.js'
import type { RunList } from './use-run-list.js'

/** `now`: what the times are told against. */
function columnsAt(now: number): Column<RunView>[] {
  return [
    { header: 'Action', cell: (run) => <ActionCell run={run} /> },
    { header: 'State', width: 180, cell: ({ state }) => <StateBadge state={state} size="sm" /> },
    { header: 'Items', width: '26%', visibleFrom: 'sm', cell: (run) => <ItemsCell run={run} /> },
    { header: 'User', width: 120, visibleFrom: 'md', cell: ({ user }) => user },
    { header: 'Sent', width: 110, visibleFrom: 'xs', cell: ({ createdAt }) => <Ago iso={createdAt} now={now} /> },
    {
      header: 'Took',
      width: 100,
      visibleFrom: 'md',
      cell: ({ startedAt, finishedAt }) => <span className="numbers">{took(startedAt, finishedAt, now)}</span>,
    },
  ]
}

export function RunsTable({ list }: { list: RunList }) {
  const [, navigate] = useLocation()
  const now = useNow(1_000)
  const columns = useMemo(() => columnsAt(now), [now])
  const { runs, loadMore } = list
  const open = useCallback((run: RunView) => navigate(`/runs/${run.id}`), [navigate])
  return (
    <VirtualTable
      label="Runs"
      columns={columns}
      count={runs.length + (list.more ? 1 : 0)}
      value={(index) => runs[index]}
      keyOf={({ id }) => id}
      onOpen={open}
      onView={(_, last) => {
        if (last >= runs.length - 20) loadMore()
      }}
      maxHeight="max(320px, calc(100dvh - 230px))"
    />
  )
}

function ActionCell({ run: { id, action, model, counts, total } }: { run: RunView }) {
  return (
    <Stack gap={2}>
      <Anchor
        component={Link}
        href={`/runs/${id}`}
        size="sm"
        className="one-line"
        onClick={(event: MouseEvent) => event.stopPropagation()}
      >
        {action}
        {model !== undefined && (
          <Text span c="dimmed" size="xs">
            {' '}
            {model}
          </Text>
        )}
      </Anchor>
      <Box hiddenFrom="sm">
        <OutcomeBar counts={counts} total={total} size={4} />
      </Box>
    </Stack>
  )
}

function ItemsCell({ run: { counts, total } }: { run: RunView }) {
  const done = total - counts.waiting - counts.active
  return (
    <Stack gap={2}>
      <Text size="xs" c="dimmed" className="numbers">
        {done.toLocaleString()} of {total.toLocaleString()}
        {counts.failed > 0 && `, ${counts.failed.toLocaleString()} failed`}
      </Text>
      <OutcomeBar counts={counts} total={total} size={5} />
    </Stack>
  )
}
