import { type JobQueues, readBatchLog } from '@flexaction/shared/queues'
import type { Item, ItemsFilter, Run, RunReader } from '@flexaction/shared/runs'
import type { ItemLogView, RunInputView } from '@flexaction/shared/views'
import type Router from '@koa/router'
import { Readable } from 'node:stream'
import { type RunAccess, seesTexts } from '../access/run-access.js'
import { answerJson, callerOf, type GatewayContext, type GatewayState } from '../http/context.js'
import { csvQuery, inputQuery, logQuery } from './openapi/queries.js'
import { readQuery } from './query.js'
import { idOf } from './runs-routes.js'

const FIRST_IDS = 1_000
const MOST_LINES = 1_000
const ITEMS_PER_READ = 1_000

/** `GET /runs/:id/input`, `/runs/:id/log?record=` and `/runs/:id/items.csv`. */
export function addRunDetailsRoutes(router: Router<GatewayState>, runs: RunAccess, queues: JobQueues): void {
  const { reader } = runs
  router.get('/runs/:id/input', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const all = readQuery(ctx.query, inputQuery).ids === 'all'
    const run = await runs.find(callerOf(gctx), idOf(gctx))
    const { form, allExcept, ids, total } = await reader.input(run, all ? Number.MAX_SAFE_INTEGER : FIRST_IDS)
    const mode = allExcept ? 'allExcept' : 'only'
    answerJson(gctx, 200, {
      form,
      selection: run.target === 'records' ? { mode, ids, total } : { mode: 'none' },
      user: { name: run.user.name, role: run.user.role },
      requestId: run.requestId,
      identity: run.identity,
    } satisfies RunInputView)
  })

  router.get('/runs/:id/log', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const { record } = readQuery(ctx.query, logQuery)
    const run = await runs.find(callerOf(gctx), idOf(gctx))
    const [batch] = record === undefined ? [0] : await reader.batchesOfRecord(run, record)
    const log = batch === undefined ? { lines: [] } : await readBatchLog(queues, run, batch, MOST_LINES)
    const items = Math.min(run.batchSize, run.total - (batch ?? 0) * run.batchSize)
    answerJson(gctx, 200, { ...log, items } satisfies ItemLogView)
  })

  router.get('/runs/:id/items.csv', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const filter = readQuery(ctx.query, csvQuery)
    const run = await runs.find(callerOf(gctx), idOf(gctx))
    gctx.status = 200
    gctx.type = 'text/csv; charset=utf-8'
    gctx.set('Content-Disposition', `attachment; filename="run-${run.id}.csv"`)
    gctx.body = Readable.from(csvLines(reader, run, { ...filter, forOperators: seesTexts(callerOf(gctx)) }))
  })
}

const COLUMNS = ['id', 'state', 'attempts', 'message', 'result', 'startedAt', 'finishedAt'] as const

async function* csvLines(reader: RunReader, run: Run, filter: ItemsFilter): AsyncGenerator<string> {
  yield `${COLUMNS.join(',')}\r\n`
  for (let cursor: number | undefined = 0; cursor !== undefined;) {
    const page = await reader.items(run, { ...filter, cursor, limit: ITEMS_PER_READ })
    if (page.values.length > 0) yield page.values.map(csvLine).join('')
    cursor = page.next === undefined ? undefined : Number(page.next)
  }
}

function csvLine(item: Item): string {
  return `${COLUMNS.map((column) => csvCell(item[column])).join(',')}\r\n`
}

/** A text that a spreadsheet would take for a formula gets an apostrophe: what handlers say may come from anywhere. */
function csvCell(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
