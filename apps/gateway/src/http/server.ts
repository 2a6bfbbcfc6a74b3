import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Proxies and browsers reuse connections for about a minute; the server must not be the one to close them first. */
const KEEP_ALIVE_MS = 75_000

/** A request has come whole within this time, its headers sooner; what is slower is ended with 408. In ms. */
const TIMES = {
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
}

/** The listening socket. Stopping it lets requests in hand finish, up to the deadline. */
export class HttpServer {
  readonly #server: Server

  constructor(
    listener: RequestListener,
    private readonly host: string,
    private readonly wantedPort: number,
    private readonly deadlineMs: number,
    maxConnections: number,
  ) {
    this.#server = createServer(TIMES, (request, response) => {
      // While stopping, a connection ends with the request that it was busy with.
      response.on('close', () => {
        if (!this.#server.listening) this.#server.closeIdleConnections()
      })
      listener(request, response)
    })
    this.#server.maxConnections = maxConnections
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.wantedPort
  }

  async start(): Promise<void> {
    this.#server.listen(this.wantedPort, this.host)
    try {
      await once(this.#server, 'listening')
    } catch (error) {
      throw explain(error as NodeJS.ErrnoException, this.host, this.wantedPort)
    }
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeIdleConnections()
    const deadline = setTimeout(() => this.#server.closeAllConnections(), this.deadlineMs)
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
