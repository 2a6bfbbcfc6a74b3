import { type Connection, type RunView, watchRun } from '@flexaction/client'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { client, queryClient } from '../api.js'
import { hasEnded } from '../parts/outcomes.js'

/** A run, kept up to date by the gateway's events for as long as it goes on. */
export function useRun(id: string) {
  const query = useQuery({
    queryKey: ['run', id],
    queryFn: () => client.run(id),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  })
  const [connection, setConnection] = useState<Connection | undefined>()
  const goesOn = query.data !== undefined && !hasEnded(query.data)
  useEffect(() => {
    if (!goesOn) return undefined
    const stop = watchRun(client, id, {
      onRun: (run) => queryClient.setQueryData(['run', id], run),
      onConnection: setConnection,
      onEnd: () => {
        setConnection(undefined)
        // The items' last states, and the lists in which the run stands.
        void readItemsAgain(id)
        void queryClient.invalidateQueries({ queryKey: ['runs'] })
      },
    })
    return () => {
      stop()
      setConnection(undefined)
    }
  }, [id, goesOn])
  return { query, connection, goesOn }
}

/** Also what is just being read: it may show the time before. */
export async function readItemsAgain(id: string): Promise<void> {
  const filter = { queryKey: ['items', id] }
  await queryClient.cancelQueries(filter)
  await queryClient.invalidateQueries(filter)
}

/** Over this long the rate is measured, in ms. */
const RATE_WINDOW_MS = 10_000

/** Items per second lately, and the time that is left at this rate, in ms. */
export function useRate(run: RunView): { perSecond: number | undefined; leftMs: number | undefined } {
  const done = run.total - run.counts.waiting - run.counts.active
  const [samples, setSamples] = useState<{ at: number; done: number }[]>([])
  useEffect(() => {
    const at = Date.now()
    setSamples((before) => {
      const kept = before.filter((sample) => at - sample.at < RATE_WINDOW_MS && sample.done <= done)
      return [...kept, { at, done }]
    })
  }, [done])
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last || last.at - first.at < 500) return { perSecond: undefined, leftMs: undefined }
  const perSecond = (1_000 * (last.done - first.done)) / (last.at - first.at)
  const left = run.counts.waiting + run.counts.active
  return { perSecond, leftMs: perSecond > 0 ? (1_000 * left) / perSecond : undefined }
}
