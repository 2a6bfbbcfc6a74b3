import { Alert } from '@mantine/core'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { notifyManager, useQueryClient } from '@tanstack/react-query'
import { useCallback, useSyncExternalStore } from 'react'
import { messageOf } from '../parts/states.js'

/** Says so when what the page shows could not be read again: it goes by itself as soon as that works. */
export function Outdated() {
  const cache = useQueryClient().getQueryCache()
  const why = useSyncExternalStore(
    useCallback((changed) => cache.subscribe(notifyManager.batchCalls(changed)), [cache]),
    () => {
      const failed = cache.findAll({
        type: 'active',
        predicate: ({ state }) => state.data !== undefined && !!state.error,
      })
      return failed[0] && messageOf(failed[0].state.error)
    },
  )
  if (why === undefined) return null
  return (
    <Alert
      color="red"
      variant="outline"
      icon={<IconPlugConnectedX />}
      title="What you see may be out of date"
      role="alert"
      mb="md"
    >
      {why}. Trying again by itself.
    </Alert>
  )
}
