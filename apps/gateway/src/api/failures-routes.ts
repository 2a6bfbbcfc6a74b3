import { type FailureGroups, mergeGroups, type Run } from '@flexaction/shared/runs'
import type Router from '@koa/router'
import { type RunAccess, seesTexts } from '../access/run-access.js'
import { answerJson, callerOf, type GatewayContext, type GatewayState } from '../http/context.js'
import { failuresQuery } from './openapi/queries.js'
import { readQuery } from './query.js'
import { idOf } from './runs-routes.js'

/** Runs whose failures are added up, at most: the newest ones. */
const MOST_RUNS = 1_000
const RUNS_PER_READ = 100
const MOST_GROUPS = 50

/** `GET /runs/:id/failures` and `GET /failures?action=&since=`: why records failed, by cause, most frequent first. */
export function addFailuresRoutes(router: Router<GatewayState>, runs: RunAccess): void {
  router.get('/runs/:id/failures', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const caller = callerOf(gctx)
    const run = await runs.find(caller, idOf(gctx))
    answerJson(gctx, 200, await runs.reader.failures(run, seesTexts(caller)))
  })

  router.get('/failures', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const caller = callerOf(gctx)
    const { action, since } = readQuery(ctx.query, failuresQuery)
    const from = since === undefined ? 0 : Date.parse(since)
    const user = runs.seesOwnAlone(caller) ? caller.name : undefined
    const read: FailureGroups[] = []
    for await (const run of newest(runs, { action, user }, from))
      if (runs.sees(caller, run)) read.push(await runs.reader.failures(run, seesTexts(caller)))
    const groups = mergeGroups(read.flatMap((one) => one.groups))
    const rest = groups.slice(MOST_GROUPS).reduce((sum, { count }) => sum + count, 0)
    const other = read.reduce((sum, one) => sum + one.other, rest)
    answerJson(gctx, 200, { groups: groups.slice(0, MOST_GROUPS), other } satisfies FailureGroups)
  })
}

async function* newest(
  { reader }: RunAccess,
  filter: { action: string | undefined; user: string | undefined },
  from: number,
): AsyncGenerator<Run> {
  let cursor: string | undefined
  for (let seen = 0; seen < MOST_RUNS; seen += RUNS_PER_READ) {
    const page = await reader.runs(filter, cursor, RUNS_PER_READ)
    for (const run of page.values) {
      if (run.createdAt < from) return
      if (run.counts.failed > 0) yield run
    }
    if (page.next === undefined) return
    cursor = page.next
  }
}
