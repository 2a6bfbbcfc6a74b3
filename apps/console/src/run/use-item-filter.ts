import type { ItemState } from '@flexaction/client'
import { useSearchParams } from 'wouter'

export interface ItemFilterInAddress {
  state: ItemState | undefined
  /** The fingerprint of a failure. */
  failure: string | undefined
  setFilter(filter: { state?: ItemState | undefined; failure?: string | undefined }): void
}

/** Which items of a run are shown. It stands in the page's address, so that it can be passed on. */
export function useItemFilter(): ItemFilterInAddress {
  const [params, setParams] = useSearchParams()
  return {
    state: (params.get('state') ?? undefined) as ItemState | undefined,
    failure: params.get('failure') ?? undefined,
    setFilter: (filter) => {
      const given = Object.entries(filter).filter((one): one is [string, string] => one[1] !== undefined)
      setParams(new URLSearchParams(given), { replace: true })
    },
  }
}
