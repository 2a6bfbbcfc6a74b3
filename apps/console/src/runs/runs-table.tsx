import { Anchor, Box, Stack, Text } from '@mantine/core'
import type { RunView } from '@flexaction/client'
import type { MouseEvent } from 'react'
import { Link, useLocation } from 'wouter'
import { OutcomeBar, StateBadge } from '../parts/outcomes.js'
import { Ago, took, useNow } from '../parts/time.js'
import { type Column, type Row, VirtualTable } from '../parts/virtual-table.js'
import type { RunList } from './use-run-list.js'

const COLUMNS: Column[] = [
  { header: 'Action' },
  { header: 'State', width: 180 },
  { header: 'Items', width: '26%', visibleFrom: 'sm' },
  { header: 'User', width: 120, visibleFrom: 'md' },
  { header: 'Sent', width: 110, visibleFrom: 'xs' },
  { header: 'Took', width: 100, visibleFrom: 'md' },
]

export function RunsTable({ list }: { list: RunList }) {
  const [, navigate] = useLocation()
  const now = useNow(1_000)
  const { runs, loadMore } = list
  return (
    <VirtualTable
      label="Runs"
      columns={COLUMNS}
      count={runs.length + (list.more ? 1 : 0)}
      row={(index) => rowOf(runs[index], now)}
      onOpen={(index) => navigate(`/runs/${runs[index]?.id ?? ''}`)}
      onView={(_, last) => {
        if (last >= runs.length - 20) loadMore()
      }}
      maxHeight="max(320px, calc(100dvh - 230px))"
    />
  )
}

function rowOf(run: RunView | undefined, now: number): Row | undefined {
  if (!run) return undefined
  const done = run.total - run.counts.waiting - run.counts.active
  return {
    key: run.id,
    cells: [
      <Stack key="action" gap={2}>
        <Anchor
          component={Link}
          href={`/runs/${run.id}`}
          size="sm"
          className="one-line"
          onClick={(event: MouseEvent) => event.stopPropagation()}
        >
          {run.action}
          {run.model !== undefined && (
            <Text span c="dimmed" size="xs">
              {' '}
              {run.model}
            </Text>
          )}
        </Anchor>
        <Box hiddenFrom="sm">
          <OutcomeBar counts={run.counts} total={run.total} size={4} />
        </Box>
      </Stack>,
      <StateBadge key="state" state={run.state} size="sm" />,
      <Stack key="items" gap={2}>
        <Text size="xs" c="dimmed" className="numbers">
          {done.toLocaleString()} of {run.total.toLocaleString()}
          {run.counts.failed > 0 && `, ${run.counts.failed.toLocaleString()} failed`}
        </Text>
        <OutcomeBar counts={run.counts} total={run.total} size={5} />
      </Stack>,
      run.user,
      <Ago key="sent" iso={run.createdAt} now={now} />,
      <span key="took" className="numbers">
        {took(run.startedAt, run.finishedAt, now)}
      </span>,
    ],
  }
}
