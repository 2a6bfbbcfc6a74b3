import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import type { Permission } from '@flexaction/shared'
import type { LiveWorker } from '@flexaction/shared/catalog'
import { FlexActionError } from '@flexaction/shared/errors'
import type { JobQueues } from '@flexaction/shared/queues'
import { type Caller, may, mayWatch } from '../access/caller.js'
import type { CatalogAction } from '../catalog/catalog-view.js'
import { DASHBOARD_PATH } from '../http/areas.js'
import { callerOf, type GatewayContext, type GatewayMiddleware } from '../http/context.js'
import { withoutInlineParts } from './dashboard-page.js'
import { GuardedAdapter } from './guarded-adapter.js'

const STATIC_FILES = `${DASHBOARD_PATH}/static/`

export interface DashboardOptions {
  queues: JobQueues
  /** The page to log in at, if there is one; else the browser asks for a password. */
  loginPath: string | undefined
  /** The live workers that serve an action. */
  workersServing(identity: string): readonly LiveWorker[]
  /** What the action of a queue asks for. */
  permissionOf(identity: string): Permission
  /** Who is shown their own runs alone: a queue holds everybody's. */
  seesOwnAlone(caller: Caller): boolean
}

/** The queue dashboard (bull-board): one row per action, appearing as actions are published. */
export class Dashboard {
  readonly #adapter: GuardedAdapter
  readonly #board: ReturnType<typeof createBullBoard>
  readonly #shown = new Map<string, BullMQAdapter>()

  constructor(private readonly options: DashboardOptions) {
    const { permissionOf, seesOwnAlone } = options
    this.#adapter = new GuardedAdapter({
      sees: (caller, queue) => !seesOwnAlone(caller) && mayWatch(caller, permissionOf(queue)),
      mayRun: (caller, queue) => may(caller, permissionOf(queue)),
    })
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

  /** Stands before the gate: a person who is refused is led to the login, and a program is asked for a password. */
  get askToLogIn(): GatewayMiddleware {
    return async (ctx, next) => {
      try {
        return await next()
      } catch (error) {
        if (ctx.state.area !== 'dashboard') throw error
        if (!(error instanceof FlexActionError && error.code === 'not_authenticated')) throw error
        const { loginPath } = this.options
        if (loginPath !== undefined && isNavigation(ctx))
          return ctx.redirect(`${ctx.state.base}${loginPath}?next=${encodeURIComponent(ctx.url)}`)
        ctx.set('WWW-Authenticate', 'Basic realm="FlexAction: any name, and your token as password", charset="UTF-8"')
        throw error
      }
    }
  }

  get routes(): GatewayMiddleware {
    const serve = this.#adapter.registerPlugin() as unknown as GatewayMiddleware
    return async (ctx, next) => {
      if (ctx.state.area !== 'dashboard') return await next()
      await this.#adapter.as(callerOf(ctx), () => serve(ctx, () => Promise.resolve()))
      if (ctx.status === 405 || ctx.status === 501)
        throw new FlexActionError(
          'method_not_allowed',
          'The dashboard does not do this: jobs belong to runs, which are steered in the console, or by the API',
        )
      // The names of its files change with their content.
      if (ctx.status === 200 && ctx.path.startsWith(STATIC_FILES)) ctx.set('Cache-Control', 'private, max-age=86400')
      if (typeof ctx.body === 'string' && ctx.response.is('html')) ctx.body = withoutInlineParts(ctx.body)
      return undefined
    }
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
