import { Anchor, Button, Switch } from '@mantine/core'
import type { RunState } from '@flexaction/client'
import dayjs from 'dayjs'
import { useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { Page } from '../parts/page.js'
import { EmptyState, ErrorState, LoadingRows } from '../parts/states.js'
import { RunFilters } from './run-filters.js'
import { RunsTable } from './runs-table.js'
import { type ListFilter, useRunList } from './use-run-list.js'

/** All runs, live, newest first. */
export default function RunsPage() {
  const [query, setQuery] = useSearchParams()
  const [live, setLive] = useState(true)
  const list = useRunList(filterOf(query), live)
  const filtered = query.size > 0
  return (
    <Page
      title="Runs"
      about="Newest first. What ended is kept for the time that RUN_RETENTION says."
      actions={<Switch label="Live" checked={live} onChange={(event) => setLive(event.currentTarget.checked)} />}
    >
      <RunFilters query={query} onChange={setQuery} />
      {list.isPending && <LoadingRows rows={10} label="Loading runs" />}
      {list.error !== undefined && list.error !== null && <ErrorState error={list.error} onRetry={list.refetch} />}
      {!list.isPending && !list.error && list.runs.length === 0 && (
        <EmptyState title={filtered ? 'No run fits' : 'Nothing was run yet'}>
          {filtered ? (
            <Button variant="default" size="xs" onClick={() => setQuery({})}>
              Show all runs
            </Button>
          ) : (
            <>
              Choose one of the{' '}
              <Anchor component={Link} href="/actions" underline="always">
                actions
              </Anchor>
              , or run one in Jet Admin: it appears here at once.
            </>
          )}
        </EmptyState>
      )}
      {list.runs.length > 0 && <RunsTable list={list} />}
    </Page>
  )
}

/** The filter that the address holds: it can be kept and sent. */
function filterOf(query: URLSearchParams): ListFilter {
  const text = (name: string): string | undefined => query.get(name) || undefined
  const since = query.get('since')
  const until = query.get('until')
  return {
    action: text('action'),
    state: text('state') as RunState | undefined,
    user: text('user'),
    record: text('record'),
    since: since ? dayjs(since).valueOf() : undefined,
    until: until ? dayjs(until).add(1, 'second').valueOf() : undefined,
  }
}
