import { FlexActionError } from '@flexaction/shared/errors'
import { RUN_ID } from '@flexaction/shared/runs'
import type Router from '@koa/router'
import { createHash } from 'node:crypto'
import { type RunAccess, seesTexts } from '../access/run-access.js'
import { answerJson, callerOf, type GatewayContext, type GatewayState } from '../http/context.js'
import { itemsQuery, runsQuery } from './openapi/queries.js'
import { readQuery } from './query.js'

/** Reading runs: `GET /runs`, `/runs/:id`, `/runs/:id/items` (DESIGN section 5), each with ETag and 304. */
export function addRunsRoutes(router: Router<GatewayState>, runs: RunAccess): void {
  const { reader } = runs
  router.get('/runs', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const { cursor, limit, ...filter } = readQuery(ctx.query, runsQuery)
    if (cursor !== undefined && !RUN_ID.test(cursor)) throw badCursor(cursor)
    const caller = callerOf(gctx)
    const own = runs.seesOwnAlone(caller)
    if (own && filter.user !== undefined && filter.user !== caller.name) return answerTagged(gctx, { runs: [] })
    const { values, next } = await reader.runs(own ? { ...filter, user: caller.name } : filter, cursor, limit)
    const seen = values.filter((run) => runs.sees(caller, run)).map((run) => runs.view(caller, run))
    answerTagged(gctx, { runs: seen, ...(next !== undefined && { next }) })
    return undefined
  })

  router.get('/runs/:id', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    if (await answeredUnchanged(gctx, runs, idOf(gctx))) return
    const run = await runs.find(callerOf(gctx), idOf(gctx))
    gctx.set('ETag', tagOf(gctx, String(run.revision)))
    answerJson(gctx, 200, runs.view(callerOf(gctx), run))
  })

  router.get('/runs/:id/items', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const query = readQuery(ctx.query, itemsQuery)
    if (await answeredUnchanged(gctx, runs, idOf(gctx))) return
    const run = await runs.find(callerOf(gctx), idOf(gctx))
    const forOperators = seesTexts(callerOf(gctx))
    const { values, next } = await reader.items(run, { ...query, forOperators })
    gctx.set('ETag', tagOf(gctx, String(run.revision)))
    answerJson(gctx, 200, { items: values, ...(next !== undefined && { next }) })
  })
}

export function idOf(ctx: GatewayContext): string {
  return (ctx as GatewayContext & { params: { id: string } }).params.id
}

function badCursor(cursor: string): FlexActionError {
  return new FlexActionError(
    'bad_request',
    `cursor: '${cursor.slice(0, 100)}' is no cursor: use the value of 'next' in the page before`,
  )
}

/** An entity tag of a run's revision, as this caller sees it. */
function tagOf(ctx: GatewayContext, revision: string): string {
  return `"${revision}${seesTexts(callerOf(ctx)) ? '' : '-v'}"`
}

/** Answers 304 when the run is as the caller knows it: one small read instead of the whole run. */
async function answeredUnchanged(ctx: GatewayContext, runs: RunAccess, id: string): Promise<boolean> {
  if (ctx.get('If-None-Match') === '' || !runs.isKnownToBeSeen(callerOf(ctx), id)) return false
  const revision = await runs.reader.revision(id)
  if (revision === undefined) return false
  if (!isKnown(ctx, tagOf(ctx, revision))) return false
  ctx.set('ETag', tagOf(ctx, revision))
  ctx.status = 304
  return true
}

function answerTagged(ctx: GatewayContext, body: unknown): void {
  const hash = createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22)
  ctx.set('ETag', `"${hash}"`)
  if (isKnown(ctx, `"${hash}"`)) ctx.status = 304
  else answerJson(ctx, 200, body)
}

/**
 * Whether the caller has what this tag stands for (RFC 9110, section 13.1.2). Koa's own `fresh` says no to a page's fetch: a
 * browser adds `Cache-Control: no-cache` to a request that brings its own If-None-Match.
 */
function isKnown(ctx: GatewayContext, tag: string): boolean {
  const known = ctx.get('If-None-Match').split(',')
  return known.some((one) => one.trim().replace(/^W\//, '') === tag)
}
