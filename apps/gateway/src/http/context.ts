import type { Logger } from '@flexaction/shared/logging'
import type { Context, DefaultState } from 'koa'
import type { Caller } from '../access/caller.js'
import type { Area } from './areas.js'

/** What the middlewares of the gateway leave for those after them. */
export interface GatewayState extends DefaultState {
  requestId: string
  /** What a proxy puts before the gateway's paths, such as `/jet`; '' for nothing. */
  base: string
  logger: Logger
  area: Area
  /** Where it comes from: the client's address, behind trusted proxies as well. */
  address: string
  caller?: Caller
  /** Ids and names that the request's log line shows. */
  logged: Record<string, unknown>
}

export interface GatewayContext extends Context {
  state: GatewayState
}

export type GatewayMiddleware = (ctx: GatewayContext, next: () => Promise<unknown>) => Promise<unknown>

/** The caller; authentication comes before whatever asks for it. */
export function callerOf(ctx: GatewayContext): Caller {
  const { caller } = ctx.state
  if (!caller) throw new Error('a route asks for its caller without authentication')
  return caller
}

/** Answers with JSON that is serialised already, or with a value: `null` and texts included. */
export function answerJson(ctx: GatewayContext, status: number, body: unknown): void {
  ctx.status = status
  ctx.type = 'application/json; charset=utf-8'
  ctx.body = JSON.stringify(body)
}
