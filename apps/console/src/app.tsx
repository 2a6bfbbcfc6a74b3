import { Center, Loader } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { Redirect, Route, Switch, useLocation, useSearchParams } from 'wouter'
import { basePath, useSession } from './api.js'
import { ActionsPage } from './actions/actions-page.js'
import { Shell } from './layout/shell.js'
import { LoginPage } from './login/login-page.js'
import { EmptyState, ErrorState } from './parts/states.js'

// The page that one comes to first is loaded at once, every other one when it is opened.
const RunsPage = lazy(() => import('./runs/runs-page.js'))
const RunPage = lazy(() => import('./run/run-page.js'))
const RunActionPage = lazy(() => import('./actions/run-action-page.js'))
const RecordPage = lazy(() => import('./records/record-page.js'))
const WorkersPage = lazy(() => import('./workers/workers-page.js'))
const WirePage = lazy(() => import('./wire/wire-page.js'))

/** The pages, for whoever is logged in. */
export function App() {
  const session = useSession()
  const [location] = useLocation()
  const [search] = useSearchParams()
  if (session.isPending) return <Waiting />
  if (session.isError && session.data === undefined)
    return <ErrorState error={session.error} onRetry={() => void session.refetch()} />
  if (!session.data) {
    if (location === '/login') return <LoginPage />
    const next = location + (search.size > 0 ? `?${search.toString()}` : '')
    return <Redirect to={`/login?next=${encodeURIComponent(next)}`} replace />
  }
  if (location === '/login') return <AfterLogin next={search.get('next')} />
  return (
    <Shell session={session.data}>
      <Suspense fallback={<Waiting />}>
        <Switch>
          <Route path="/">
            <Redirect to="/actions" replace />
          </Route>
          <Route path="/actions" component={ActionsPage} />
          <Route path="/actions/:identity">
            {({ identity }) => <RunActionPage key={identity} identity={decodeURIComponent(identity)} />}
          </Route>
          <Route path="/runs" component={RunsPage} />
          <Route path="/runs/:id">{({ id }) => <RunPage key={id} id={id} />}</Route>
          <Route path="/records" component={RecordPage} />
          <Route path="/workers" component={WorkersPage} />
          <Route path="/wire" component={WirePage} />
          <Route>
            <EmptyState title="There is no such page">Choose one from the menu.</EmptyState>
          </Route>
        </Switch>
      </Suspense>
    </Shell>
  )
}

/** On to where the person wanted to go: a page of the console, or the queue dashboard, never another host. */
function AfterLogin({ next }: { next: string | null }) {
  const target = next !== null && /^\/(?![/\\])/.test(next) ? next : '/'
  if (target.startsWith('/queues')) {
    location.replace(basePath + target)
    return <Waiting />
  }
  return <Redirect to={target} replace />
}

function Waiting() {
  return (
    <Center mih="40vh">
      <Loader aria-label="Loading" />
    </Center>
  )
}
