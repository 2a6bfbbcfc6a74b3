import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request has come whole within this time, its headers sooner; what is slower is ended with 408. In ms. */
const TIMES = { headersTimeout: 20_000, requestTimeout: 60_000, connectionsCheckingInterval: 5_000 }

export interface HttpServerOptions {
  host: string
  port: number
  /** How long requests in hand may go on after a stop, in ms. */
  deadlineMs: number
  /** How long an idle connection is kept, in ms: longer than a proxy before it keeps its own, or requests are lost in between. */
  keepAliveMs: number
  /** Idle ones included; further ones are closed. */
  maxConnections: number
}

/** The listening socket. Stopping it lets requests in hand finish, up to the deadline. */
export class HttpServer {
  readonly #server: Server

  constructor(
    listener: RequestListener,
    private readonly options: HttpServerOptions,
  ) {
    this.#server = createServer({ ...TIMES, keepAliveTimeout: options.keepAliveMs }, (request, response) => {
      // While stopping, a connection ends with the request that it was busy with.
      response.on('close', () => {
        if (!this.#server.listening) this.#server.closeIdleConnections()
      })
      listener(request, response)
    })
    this.#server.maxConnections = options.maxConnections
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.options.port
  }

  async start(): Promise<void> {
    const { host, port } = this.options
    this.#server.listen(port, host)
    try {
      await once(this.#server, 'listening')
    } catch (error) {
      throw explain(error as NodeJS.ErrnoException, host, port)
    }
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeIdleConnections()
    const deadline = setTimeout(() => this.#server.closeAllConnections(), this.options.deadlineMs)
    await closed
    clearTimeout(deadline)
  }
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new Error(`Port ${port} is in use: stop the program that holds it, or set PORT to another one`)
  if (error.code === 'EACCES')
    return new Error(`Port ${port} needs more rights than this process has: set PORT to one above 1023`)
  return new Error(`Cannot listen on ${host}:${port} (${error.code ?? error.message}): check HOST and PORT`)
}
