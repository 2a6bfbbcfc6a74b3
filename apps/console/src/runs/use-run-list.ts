import type { RunFilter, RunPage, RunView } from '@flexaction/client'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useRef } from 'react'
import { client } from '../api.js'
import { hasEnded } from '../parts/outcomes.js'

const PER_PAGE = 100
const NEWEST_AGAIN_MS = 2_000
const OLDER_AGAIN_MS = 5_000
/** Older runs that have not ended and are looked at again. */
const MOST_OPEN = 20
/** A filter may look through many runs before it finds one; each look is bounded. */
const MOST_LOOKS = 20

export interface ListFilter extends Omit<RunFilter, 'cursor' | 'limit'> {
  /** Epoch ms. */
  since?: number | undefined
  until?: number | undefined
}

export interface RunList {
  runs: RunView[]
  more: boolean
  isPending: boolean
  error: unknown
  refetch(): void
  loadMore(): void
}

/**
 * Runs, newest first, as far as one has scrolled. The newest are asked for again and again, and so are those further down
 * that have not ended; what has ended does not change.
 */
export function useRunList(filter: ListFilter, live: boolean): RunList {
  const { since, until, ...rest } = filter
  const key = JSON.stringify(filter)
  const head = useQuery({
    queryKey: ['runs', 'newest', key],
    queryFn: ({ signal }) => look({ ...rest, cursor: until === undefined ? undefined : cursorAt(until) }, signal),
    refetchInterval: live && (until === undefined || until > Date.now()) ? NEWEST_AGAIN_MS : false,
  })
  const known = useRef<Known>(undefined)
  if (known.current?.key !== key) known.current = { key, runs: new Map(), head: undefined, anchor: undefined }
  const { current } = known
  if (head.data && head.data !== current.head) takeNewest(current, head.data)

  const older = useInfiniteQuery({
    queryKey: ['runs', 'older', key, current.anchor],
    queryFn: ({ pageParam, signal }) => look({ ...rest, cursor: pageParam }, signal),
    initialPageParam: current.anchor,
    getNextPageParam: (page) => page.next,
    enabled: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  for (const page of older.data?.pages ?? []) {
    for (const run of page.runs) if (!current.runs.has(run.id)) current.runs.set(run.id, run)
  }

  const oldestOfHead = head.data?.runs.at(-1)?.id ?? ''
  const open = [...current.runs.values()].filter((run) => run.id < oldestOfHead && !hasEnded(run)).slice(0, MOST_OPEN)
  const changed = useQuery({
    queryKey: ['runs', 'open', open.map(({ id }) => id)],
    queryFn: () => Promise.all(open.map(({ id }) => client.run(id))),
    enabled: live && open.length > 0,
    refetchInterval: OLDER_AGAIN_MS,
  })
  for (const run of changed.data ?? []) if (current.runs.has(run.id)) current.runs.set(run.id, run)

  const runs = useMemo(
    () => {
      const first = since === undefined ? '' : cursorAt(since)
      return [...current.runs.values()].filter(({ id }) => id >= first).sort((a, b) => (a.id < b.id ? 1 : -1))
    },
    // The map is the same; what was put into it came with these.
    [current, since, head.data, older.data, changed.data],
  )
  const lastPage = older.data?.pages.at(-1)
  const reached = since !== undefined && runs.length < current.runs.size
  const more = !reached && (lastPage ? lastPage.next !== undefined : current.anchor !== undefined)
  const { isFetching, fetchNextPage } = older
  const loadMore = useCallback(() => {
    if (more && !isFetching) void fetchNextPage()
  }, [more, isFetching, fetchNextPage])
  return {
    runs,
    more,
    isPending: head.isPending,
    error: head.data ? undefined : head.error,
    refetch: () => void head.refetch(),
    loadMore,
  }
}

/** Everything known for a filter. */
interface Known {
  key: string
  runs: Map<string, RunView>
  /** The newest runs as they were read last. */
  head: RunPage | undefined
  /** Where the pages after the newest runs begin. */
  anchor: string | undefined
}

function takeNewest(known: Known, head: RunPage): void {
  // When so many are new that none of those known is among them, others may lie between: what was known is read anew.
  if (!head.runs.some(({ id }) => known.runs.has(id))) {
    known.runs.clear()
    known.anchor = head.next
  }
  known.head = head
  for (const run of head.runs) known.runs.set(run.id, run)
}

async function look(filter: RunFilter, signal: AbortSignal): Promise<RunPage> {
  let page = await client.runs({ ...filter, limit: PER_PAGE }, signal)
  for (let looks = 1; page.runs.length === 0 && page.next !== undefined && looks < MOST_LOOKS; looks++) {
    page = await client.runs({ ...filter, cursor: page.next, limit: PER_PAGE }, signal)
  }
  return page
}

/** Ids of runs begin with their time (docs/decisions.md): a cursor can be made for any time. */
function cursorAt(ms: number): string {
  return ms.toString(32).padStart(9, '0').padEnd(20, '0')
}
