import { PassThrough } from 'node:stream'
import type { GatewayContext } from '../http/context.js'

/** A comment is sent this often, in ms: proxies close silent connections, and clients notice dead ones. */
const HEARTBEAT_EVERY_MS = 15_000
/** How soon a client is to come back after the connection is lost, in ms. */
const COME_BACK_AFTER_MS = 1_000

/** Streams of server-sent events that are open: all of them are ended when the gateway stops. */
export class EventStreams {
  readonly #open = new Set<EventStream>()

  /** Makes the answer a stream of events. `onClose` is called once, whoever closes it. */
  open(ctx: GatewayContext, onClose: () => void): EventStream {
    const stream = new EventStream(ctx, () => {
      this.#open.delete(stream)
      onClose()
    })
    this.#open.add(stream)
    return stream
  }

  stop(): void {
    for (const stream of [...this.#open]) stream.end()
  }
}

/** One answer of server-sent events. For a reader that is slow only the newest event is kept. */
export class EventStream {
  readonly #body = new PassThrough()
  readonly #heartbeat: NodeJS.Timeout
  #waiting: string | undefined

  constructor(ctx: GatewayContext, onClose: () => void) {
    ctx.status = 200
    ctx.type = 'text/event-stream; charset=utf-8'
    ctx.set('Cache-Control', 'no-cache, no-transform')
    ctx.set('X-Accel-Buffering', 'no')
    ctx.body = this.#body
    this.#body.write(`retry: ${COME_BACK_AFTER_MS}\n\n`)
    this.#heartbeat = setInterval(() => void this.#body.write(': alive\n\n'), HEARTBEAT_EVERY_MS)
    this.#body.on('drain', () => this.#flush())
    this.#body.once('close', () => {
      clearInterval(this.#heartbeat)
      onClose()
    })
  }

  /** Sends an event that makes all earlier ones unimportant. */
  send(event: string, id: string, data: unknown): void {
    this.#waiting = `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`
    if (!this.#body.writableNeedDrain) this.#flush()
  }

  /** Ends the answer after what is waiting. */
  end(): void {
    this.#flush()
    this.#body.end()
  }

  #flush(): void {
    const text = this.#waiting
    this.#waiting = undefined
    if (text !== undefined && this.#body.writable) this.#body.write(text)
  }
}
