import type { CollectionDefinition, ListRequest } from '@flexaction/shared'

/**
 * Asks a collection for a page, for as long as that may take: a `list` that does not heed its signal is not waited for. What it
 * returns is unchecked. Rejects with what it throws, or when time is up or `signal` aborts.
 */
export async function listPage(
  { name, options }: CollectionDefinition,
  request: Omit<ListRequest, 'signal'>,
  withinMs: number,
  signal: AbortSignal,
): Promise<unknown> {
  const controller = new AbortController()
  let giveUp!: (reason: Error) => void
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = (reason) => {
      controller.abort(reason)
      reject(reason)
    }
  })
  const stop = (): void => giveUp(new Error(`collection '${name}': list() is waited for no more`))
  const timer = setTimeout(
    () => giveUp(new Error(`collection '${name}': list() took longer than ${withinMs} ms`)),
    withinMs,
  )
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (signal.aborted) stop()
    const listing = (async () => await options.list({ ...request, signal: controller.signal }))()
    return await Promise.race([listing, givenUp])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
