import { createServer, type Server } from 'node:http'
import { once } from 'node:events'

/** Answers /healthz (the process lives) and /readyz (it takes work) for orchestrators, on a port of its own. */
export class HealthServer {
  #server: Server | undefined
  #stopping = false

  /** `port` 0: no server. */
  constructor(
    private readonly port: number,
    private readonly isReady: () => boolean,
  ) {}

  async start(): Promise<void> {
    if (this.port === 0) return
    this.#server = createServer((request, response) => {
      const ok = request.url === '/healthz' || (request.url === '/readyz' && !this.#stopping && this.isReady())
      response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ status: ok ? 'ok' : 'not ready' }))
    })
    this.#server.listen(this.port)
    await once(this.#server, 'listening')
  }

  /** Not ready any more; it lives until it is stopped. */
  quiet(): void {
    this.#stopping = true
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (!server) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
}
