import { FlexActionError } from '@flexaction/shared/errors'
import { type Run, RUN_ID, type RunReader, viewRun } from '@flexaction/shared/runs'
import type Router from '@koa/router'
import { createHash } from 'node:crypto'
import { mayActAs } from '../access/auth-tokens.js'
import { answerJson, callerOf, type GatewayContext, type GatewayState } from '../http/context.js'
import { itemsQuery, runsQuery } from './openapi/queries.js'
import { readQuery } from './query.js'

/** Reading runs: `GET /runs`, `/runs/:id`, `/runs/:id/items` (DESIGN section 5), each with ETag and 304. */
export function addRunsRoutes(router: Router<GatewayState>, reader: RunReader): void {
  router.get('/runs', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const { cursor, limit, ...filter } = readQuery(ctx.query, runsQuery)
    if (cursor !== undefined && !RUN_ID.test(cursor)) throw badCursor(cursor)
    const { values, next } = await reader.runs(filter, cursor, limit)
    const runs = values.map((run) => viewRun(run, isOperator(gctx)))
    answerTagged(gctx, { runs, ...(next !== undefined && { next }) })
  })

  router.get('/runs/:id', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    if (await answeredUnchanged(gctx, reader, idOf(gctx))) return
    const run = await findRun(reader, idOf(gctx))
    gctx.set('ETag', tagOf(gctx, String(run.revision)))
    answerJson(gctx, 200, viewRun(run, isOperator(gctx)))
  })

  router.get('/runs/:id/items', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const query = readQuery(ctx.query, itemsQuery)
    if (await answeredUnchanged(gctx, reader, idOf(gctx))) return
    const run = await findRun(reader, idOf(gctx))
    const forOperators = isOperator(gctx)
    const { values, next } = await reader.items(run, { ...query, forOperators })
    gctx.set('ETag', tagOf(gctx, String(run.revision)))
    answerJson(gctx, 200, { items: values, ...(next !== undefined && { next }) })
  })
}

export function idOf(ctx: GatewayContext): string {
  return (ctx as GatewayContext & { params: { id: string } }).params.id
}

/** Throws `not_found`. */
export async function findRun(reader: RunReader, id: string): Promise<Run> {
  const run = RUN_ID.test(id) ? await reader.run(id) : undefined
  if (!run)
    throw new FlexActionError(
      'not_found',
      `There is no run '${id}'; ended runs are kept for the time that RUN_RETENTION says`,
    )
  return run
}

/** Operators see the texts of unexpected failures; viewers see a safe text. */
export function isOperator(ctx: GatewayContext): boolean {
  return mayActAs(callerOf(ctx), 'operator')
}

function badCursor(cursor: string): FlexActionError {
  return new FlexActionError(
    'bad_request',
    `cursor: '${cursor}' is no cursor: use the value of 'next' in the page before`,
  )
}

/** An entity tag of a run's revision, as this caller sees it. */
function tagOf(ctx: GatewayContext, revision: string): string {
  return `"${revision}${isOperator(ctx) ? '' : '-v'}"`
}

/** Answers 304 when the run is as the caller knows it: one small read instead of the whole run. */
async function answeredUnchanged(ctx: GatewayContext, reader: RunReader, id: string): Promise<boolean> {
  if (ctx.get('If-None-Match') === '' || !RUN_ID.test(id)) return false
  const revision = await reader.revision(id)
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
