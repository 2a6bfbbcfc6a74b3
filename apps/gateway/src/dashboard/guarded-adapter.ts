import type { AppControllerRoute, BullBoardQueues } from '@bull-board/api/typings/app'
import { KoaAdapter } from '@bull-board/koa'
import type { Role } from '@flexaction/shared'
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Caller, may } from '../access/caller.js'
import { seesTexts } from '../access/run-access.js'
import { DASHBOARD_VERBS } from './dashboard-verbs.js'

export interface GuardedAdapterOptions {
  /** Whether the caller sees the queue of that name. */
  sees(caller: Caller, queue: string): boolean
  /** Whether the caller may run the action of that queue. */
  mayRun(caller: Caller, queue: string): boolean
}

type Handler = AppControllerRoute['handler']
type Answer = Awaited<ReturnType<Handler>>

const FORBIDDEN: Answer = { status: 403, body: { error: { key: 'ERRORS.FORBIDDEN' } } }

/**
 * bull-board's routes, with their rules: a route that is not listed in DASHBOARD_VERBS is not served at all, and the others ask
 * who is calling where they are answered, so that no spelling of an address leads past. Queues that the caller does not see
 * are not there for any of them.
 */
export class GuardedAdapter extends KoaAdapter {
  readonly #callers = new AsyncLocalStorage<Caller>()

  constructor(private readonly options: GuardedAdapterOptions) {
    super()
  }

  /** Runs what answers a request for this caller. */
  as<Result>(caller: Caller, answer: () => Result): Result {
    return this.#callers.run(caller, answer)
  }

  override setApiRoutes(routes: AppControllerRoute[]): this {
    const single = routes.flatMap(({ method, route, ...rest }) =>
      [method].flat().flatMap((one) => [route].flat().map((path) => ({ ...rest, method: one, route: path }))),
    )
    const served = single.flatMap((route) => {
      const needs = DASHBOARD_VERBS[`${route.method} ${route.route}`]
      return needs === undefined ? [] : [{ ...route, handler: this.#guarded(route.handler, needs) }]
    })
    super.setApiRoutes(served)
    return this
  }

  #guarded(handler: Handler, needs: Role | 'action'): Handler {
    return async (request) => {
      const caller = this.#callers.getStore()
      if (!caller || !request) return FORBIDDEN
      const queue = String(request.params['queueName'] ?? '')
      const allowed = needs === 'action' ? this.options.mayRun(caller, queue) : may(caller, needs)
      if (!allowed) return FORBIDDEN
      const answer = await handler({ ...request, queues: this.#seenBy(caller, request.queues) })
      return seesTexts(caller) ? answer : { ...answer, body: withoutTexts(answer.body) as Answer['body'] }
    }
  }

  #seenBy(caller: Caller, queues: BullBoardQueues): BullBoardQueues {
    return new Map([...queues].filter(([name]) => this.options.sees(caller, name)))
  }
}

const TEXTS: ReadonlySet<string> = new Set(['failedReason', 'stacktrace', 'returnValue', 'progress'])

/** Without what handlers wrote: as in the API, that is for operators. */
function withoutTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTexts)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      if (!TEXTS.has(key) || one === undefined || one === null) return [key, withoutTexts(one)]
      return [key, Array.isArray(one) ? [] : typeof one === 'string' ? 'for operators' : null]
    }),
  )
}
