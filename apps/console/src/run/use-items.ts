import type { Item, ItemFilter, ItemPage, ItemState, RunView } from '@flexaction/client'
import { keepPreviousData, useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { client } from '../api.js'
import { hasEnded } from '../parts/outcomes.js'

export interface ItemRows {
  count: number
  item(index: number): Item | undefined
  /** Told which rows are in view, so that they are loaded. */
  onView(first: number, last: number): void
  isPending: boolean
  error: unknown
  refetch(): void
}

const PER_PAGE = 100
/** While a run goes on, what is in view is read again this often, in ms. */
const AGAIN_EVERY_MS = 1_000
/** Browsers draw no higher tables than this many rows. */
export const MOST_ROWS = 400_000
/** A filter may look through many items before it finds one; each look is bounded. */
const MOST_LOOKS = 50

/** All items, by their position: any part of the table can be shown without reading what is before it. */
export function useAllItems(run: RunView, live: boolean, enabled: boolean): ItemRows {
  const [[firstPage, lastInView], setPages] = useState<readonly [first: number, last: number]>([0, 0])
  const count = Math.min(run.total, MOST_ROWS)
  const lastPage = Math.min(lastInView, Math.floor(Math.max(0, count - 1) / PER_PAGE))
  const pages = enabled && count > 0 ? Array.from({ length: lastPage - firstPage + 1 }, (_, at) => firstPage + at) : []
  const queries = useQueries({
    queries: pages.map((page) => ({
      queryKey: ['items', run.id, 'all', page],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        client.items(run.id, { cursor: page * PER_PAGE, limit: PER_PAGE }, signal),
      refetchInterval: live ? AGAIN_EVERY_MS : (false as const),
      staleTime: live ? 500 : 60_000,
      gcTime: 30_000,
    })),
  })
  const onView = useCallback((firstRow: number, lastRow: number) => {
    const [first, last] = [Math.floor(firstRow / PER_PAGE), Math.floor(lastRow / PER_PAGE)]
    setPages((known) => (known[0] === first && known[1] === last ? known : [first, last]))
  }, [])
  return {
    count,
    item: (index) => queries[Math.floor(index / PER_PAGE) - firstPage]?.data?.items[index % PER_PAGE],
    onView,
    isPending: count > 0 && queries.every(({ isPending }) => isPending),
    error: queries.find(({ data, error }) => error && !data)?.error,
    refetch: () => queries.forEach((query) => void query.refetch()),
  }
}

/** The items that fit a filter, as far as one has scrolled. */
export function useFoundItems(
  run: RunView,
  live: boolean,
  filter: { state: ItemState | undefined; failure: string | undefined; search: string },
  enabled: boolean,
): ItemRows & { more: boolean } {
  const query = useInfiniteQuery({
    queryKey: ['items', run.id, 'found', filter.state, filter.failure, filter.search],
    queryFn: ({ pageParam, signal }) => look(run.id, { ...filter, cursor: pageParam, limit: PER_PAGE }, signal),
    initialPageParam: '0',
    getNextPageParam: (page) => page.next,
    enabled,
    placeholderData: keepPreviousData,
    // The pages before are read again with it.
    refetchInterval: ({ state: { data } }) => (live && (data?.pages.length ?? 0) <= 2 ? 2 * AGAIN_EVERY_MS : false),
  })
  const items = query.data?.pages.flatMap((page) => page.items) ?? []
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const onView = useCallback(
    (_: number, last: number) => {
      if (last >= items.length - 20 && hasNextPage && !isFetchingNextPage) void fetchNextPage()
    },
    [items.length, hasNextPage, isFetchingNextPage, fetchNextPage],
  )
  return {
    count: items.length,
    item: (index) => items[index],
    onView,
    isPending: query.isPending,
    error: query.data ? undefined : query.error,
    refetch: () => void query.refetch(),
    more: hasNextPage,
  }
}

/** One item as it is now; without an id, the one item of a collection or common action. */
export function useItem(run: RunView, id: string | number | undefined) {
  const record = id === undefined ? undefined : String(id)
  return useQuery({
    queryKey: ['items', run.id, 'record', record],
    queryFn: ({ signal }) => client.items(run.id, { record, limit: 1 }, signal),
    select: ({ items }) => items[0],
    refetchInterval: hasEnded(run) ? false : 2 * AGAIN_EVERY_MS,
  })
}

/** A page of what fits; goes on over stretches without any. */
async function look(id: string, filter: ItemFilter, signal: AbortSignal): Promise<ItemPage> {
  let page = await client.items(id, filter, signal)
  for (let looks = 1; page.items.length === 0 && page.next !== undefined && looks < MOST_LOOKS; looks++) {
    page = await client.items(id, { ...filter, cursor: page.next }, signal)
  }
  return page
}
