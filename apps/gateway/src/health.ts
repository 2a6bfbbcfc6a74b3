import { type Keys, type Outages, type RedisClient, redisErrorOf } from '@flexaction/shared/redis'
import type Router from '@koa/router'
import type { CatalogView } from './catalog/catalog-view.js'
import { answerJson, type GatewayContext, type GatewayState } from './http/context.js'
import { VERSION } from './version.js'

/** Answered to anybody. */
export const HEALTH_PATHS: readonly string[] = ['/healthz', '/readyz']

const PING_WITHIN_MS = 1_000
const PROBE_KEPT_MS = 60_000

/** `/healthz`: the process lives. `/readyz`: it can serve, with a Redis that takes writes and a catalog. */
export class Health {
  #stopping = false
  #policyProblems: readonly string[] = []

  constructor(
    private readonly options: { redis: RedisClient; keys: Keys; catalog: CatalogView; outages: Pick<Outages, 'note'> },
  ) {}

  /** From now on not ready, while requests in hand are finished. */
  stopping(): void {
    this.#stopping = true
  }

  /** What is wrong with Redis's configuration: shown, but no reason not to serve. */
  redisPolicy(problems: readonly string[]): void {
    this.#policyProblems = problems
  }

  addRoutes(router: Router<GatewayState>): void {
    router.get('/healthz', (ctx) =>
      answerJson(ctx as unknown as GatewayContext, 200, { status: 'ok', version: VERSION }),
    )
    router.get('/readyz', async (ctx) => {
      const details = {
        redis: await this.#redis(),
        catalog: this.#catalog(),
        shutdown: this.#stopping ? 'stopping' : 'ok',
      }
      const ready = Object.values(details).every((detail) => detail === 'ok')
      const warnings = this.#policyProblems
      answerJson(ctx as unknown as GatewayContext, ready ? 200 : 503, {
        status: ready ? 'ok' : 'not ready',
        details,
        ...(warnings.length > 0 && { warnings }),
      })
    })
  }

  async #redis(): Promise<string> {
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve('away: no answer within 1 s'), PING_WITHIN_MS)
    })
    // A write: a Redis that is full, or has become a replica, still answers questions.
    const { redis, keys, outages } = this.options
    const answer = redis.set(keys.probe, '1', 'PX', PROBE_KEPT_MS).then(
      () => 'ok',
      (error: unknown) => {
        outages.note(error)
        const kind = redisErrorOf(error)?.kind ?? 'away'
        return kind === 'away' ? 'away: the connection is lost' : `takes no writes: ${kind}`
      },
    )
    return Promise.race([answer, tooLate]).finally(() => clearTimeout(timer))
  }

  #catalog(): string {
    return this.options.catalog.ready ? 'ok' : 'empty: no worker has published its actions yet'
  }
}
