import type { MetricsText } from '@flexaction/shared/metrics'
import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

export interface HealthServerOptions {
  /** 0: no server. */
  port: number
  /** Whether the worker takes work. */
  isReady(): boolean
  readMetrics(): Promise<MetricsText>
  /** Whether metrics are shown to anybody. */
  metricsPublic: boolean
  /** What is asked for them otherwise; '' for a worker that shows them to nobody. */
  metricsToken: string
  onError(error: unknown): void
}

const JSON_TYPE = 'application/json'

/**
 * Answers /healthz (the process lives) and /readyz (it takes work) for orchestrators, and /metrics for Prometheus, on a port of
 * its own.
 */
export class HealthServer {
  #server: Server | undefined
  #stopping = false

  constructor(private readonly options: HealthServerOptions) {}

  async start(): Promise<void> {
    const { port } = this.options
    if (port === 0) return
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.options.onError(error)
        answer(response, 500, JSON_TYPE, '{"detail":"An unexpected error occurred"}')
      })
    })
    this.#server.listen(port)
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

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/metrics') return await this.#answerMetrics(request, response)
    const ok = request.url === '/healthz' || (request.url === '/readyz' && !this.#stopping && this.options.isReady())
    answer(response, ok ? 200 : 503, JSON_TYPE, JSON.stringify({ status: ok ? 'ok' : 'not ready' }))
  }

  async #answerMetrics({ headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { metricsPublic, metricsToken, readMetrics } = this.options
    if (!metricsPublic && !isToken(headers.authorization, metricsToken)) {
      const detail =
        metricsToken === ''
          ? 'Not authenticated: this worker shows its metrics when METRICS_TOKEN is set, or METRICS_PUBLIC=yes'
          : "Not authenticated: send the header 'Authorization: Bearer <METRICS_TOKEN>'"
      return answer(response, 401, JSON_TYPE, JSON.stringify({ detail, code: 'not_authenticated' }))
    }
    const { contentType, text } = await readMetrics()
    answer(response, 200, contentType, text)
  }
}

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  if (response.headersSent) return
  response.writeHead(status, { 'content-type': type })
  response.end(text)
}

function isToken(header: string | undefined, token: string): boolean {
  const given = /^(?:bearer|token) +(.+)$/i.exec(header ?? '')?.[1] ?? ''
  return token !== '' && timingSafeEqual(hashOf(given), hashOf(token))
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
