import { ApiError, FlexActionClient, type SessionView } from '@flexaction/client'
import { MutationCache, QueryCache, QueryClient, useQuery } from '@tanstack/react-query'

const told = (name: string): string | undefined =>
  document.querySelector<HTMLMetaElement>(`meta[name="flexaction-${name}"]`)?.content
const prefix = told('api') ?? '/api'

/** What a proxy puts before the console's addresses, and before the dashboard's. */
export const basePath = told('base') ?? ''

/** Where the organisation's login begins; `undefined`: there is none. */
export const organisationLogin: string | undefined =
  told('login') === 'organisation' ? `${prefix}/session/oidc` : undefined

export const client = new FlexActionClient({ apiPrefix: prefix })

/** Where messages go, as a program would address it. */
export const messagesUrl = `${location.origin}${prefix}/messages/`

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticeLogout }),
  mutationCache: new MutationCache({ onError: noticeLogout }),
  defaultOptions: {
    // The gateway may be on this very machine: whether the browser has a network says nothing about it.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      staleTime: 1_000,
      refetchOnWindowFocus: true,
      // What the gateway has decided will not change by asking again.
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || error.status === 0),
    },
  },
})

/** A login that has ended shows the login page, wherever it was noticed. */
function noticeLogout(error: unknown): void {
  if (error instanceof ApiError && error.isLoggedOut) queryClient.setQueryData(['session'], null)
}

/** Somebody else is logged in now, or nobody: what was read before is forgotten. */
export function beginSession(session: SessionView | null): void {
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
  queryClient.setQueryData(['session'], session)
}

/** Who is logged in; `null`: nobody. */
export function useSession() {
  return useQuery({
    queryKey: ['session'],
    queryFn: () => client.session(),
    staleTime: 60_000,
  })
}

export function useIsOperator(): boolean {
  const { data } = useSession()
  return data?.role === 'operator' || data?.role === 'admin'
}

export function useActions() {
  return useQuery({ queryKey: ['actions'], queryFn: () => client.actions(), refetchInterval: 3_000 })
}
