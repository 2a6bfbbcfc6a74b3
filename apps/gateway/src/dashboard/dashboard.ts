import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { KoaAdapter } from '@bull-board/koa'
import type { LiveWorker } from '@flexaction/shared/catalog'
import { FlexActionError } from '@flexaction/shared/errors'
import type { JobQueues } from '@flexaction/shared/queues'
import { type Authenticator, requireRole } from '../access/authenticator.js'
import type { CatalogAction } from '../catalog/catalog-view.js'
import { isSameOrigin } from '../access/same-origin.js'
import type { GatewayContext, GatewayMiddleware } from '../http/context.js'

export const DASHBOARD_PATH = '/queues'

/** bull-board's page asks another host for fonts: these lines are taken out of it. */
const FOREIGN_LINKS = /<link[^>]*\bhref="https?:\/\/[^>]*>/g

/** It brings scripts and styles inline. */
const OWN_CONTENT_ONLY =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"

/** What handlers wrote: as in the API, for operators alone. The router behind takes upper case for lower case. */
const LOGS = /\/logs$/i

export interface DashboardOptions {
  queues: JobQueues
  authenticator: Authenticator
  /** The page to log in at, if there is one; else the browser asks for a password. */
  loginPath: string | undefined
  /** The live workers that serve an action. */
  workersServing(identity: string): readonly LiveWorker[]
}

/** The queue dashboard (bull-board): one row per action, appearing as actions are published. */
export class Dashboard {
  readonly #adapter = new KoaAdapter()
  readonly #board: ReturnType<typeof createBullBoard>
  readonly #shown = new Map<string, BullMQAdapter>()

  constructor(private readonly options: DashboardOptions) {
    this.#adapter.setBasePath(DASHBOARD_PATH)
    this.#board = createBullBoard({
      queues: [],
      serverAdapter: this.#adapter,
      options: { uiConfig: { boardTitle: 'FlexAction queues', miscLinks: [{ text: 'Console', url: '/' }] } },
    })
  }

  /** Shows these actions' queues, and no others. */
  show(actions: readonly CatalogAction[]): void {
    const identities = new Set(actions.map(({ identity }) => identity))
    for (const [identity, adapter] of this.#shown) {
      if (identities.has(identity)) continue
      this.#board.removeQueue(adapter)
      this.#shown.delete(identity)
    }
    for (const identity of identities) {
      if (this.#shown.has(identity)) continue
      // Items are retried through their run: repeating a whole ended batch here would do nothing.
      const adapter = new ActionQueue(
        this.options.queues.batches(identity).bullmq,
        {
          allowRetries: false,
          externalJobUrl: ({ data }) => ({ displayText: 'Run', href: `/runs/${(data as { run: string }).run}` }),
        },
        () => this.options.workersServing(identity),
      )
      this.#board.addQueue(adapter)
      this.#shown.set(identity, adapter)
    }
  }

  /** Lets in who is logged in, or gives the token as password (with any name); changes need an operator. */
  get guard(): GatewayMiddleware {
    return async (ctx, next) => {
      if (!ctx.path.startsWith(DASHBOARD_PATH)) return next()
      ctx.set('Content-Security-Policy', OWN_CONTENT_ONLY)
      try {
        ctx.state.caller = this.options.authenticator.callerOf(ctx)
      } catch (error) {
        const { loginPath } = this.options
        if (loginPath !== undefined && isNavigation(ctx)) {
          return ctx.redirect(`${loginPath}?next=${encodeURIComponent(ctx.url)}`)
        }
        ctx.set('WWW-Authenticate', 'Basic realm="FlexAction: any name, and your token as password", charset="UTF-8"')
        throw error
      }
      if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
        requireRole(ctx.state.caller, 'operator', 'changing queues')
        if (!isSameOrigin(ctx)) {
          throw new FlexActionError('not_permitted', 'Not permitted: queues are changed from the dashboard itself only')
        }
      }
      if (LOGS.test(ctx.path)) requireRole(ctx.state.caller, 'operator', 'reading logs')
      await next()
      if (typeof ctx.body === 'string') ctx.body = ctx.body.replaceAll(FOREIGN_LINKS, '')
      return undefined
    }
  }

  get routes(): GatewayMiddleware {
    return this.#adapter.registerPlugin() as unknown as GatewayMiddleware
  }
}

/** The queue of an action. Who serves it is known from the catalog: BullMQ would look for names of connections. */
class ActionQueue extends BullMQAdapter {
  constructor(
    queue: ReturnType<JobQueues['batches']>['bullmq'],
    options: ConstructorParameters<typeof BullMQAdapter>[1],
    private readonly workers: () => readonly LiveWorker[],
  ) {
    super(queue, options)
  }

  override getWorkers(): ReturnType<BullMQAdapter['getWorkers']> {
    return Promise.resolve(
      this.workers().map(({ id, group, host, pid, startedAt }) => ({
        id,
        name: group,
        addr: `${host}, pid ${pid}`,
        age: Math.round((Date.now() - Date.parse(startedAt)) / 1_000),
      })),
    )
  }
}

/** A person opened the page, as opposed to a script or a program that asks for it. */
function isNavigation(ctx: GatewayContext): boolean {
  return ctx.get('Sec-Fetch-Mode') === 'navigate' && ctx.get('Authorization') === ''
}
