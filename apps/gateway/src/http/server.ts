import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** As KEEP_ALIVE has it by default. */
const KEEP_ALIVE_MS = 620_000

/** The listening socket. Stopping it lets requests in hand finish, up to the deadline. */
export class HttpServer {
  readonly #server: Server

  constructor(
    listener: RequestListener,
    private readonly host: string,
    private readonly wantedPort: number,
    private readonly deadlineMs: number,
    /** How long an idle connection is kept, in ms: longer than a proxy before it keeps its own, or requests are lost in between. */
    keepAliveMs = KEEP_ALIVE_MS,
  ) {
    this.#server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
      // While stopping, a connection ends with the request that it was busy with.
      response.on('close', () => {
        if (!this.#server.listening) this.#server.closeIdleConnections()
      })
      listener(request, response)
    })
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
