import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** What the proxy does with connections. `pass`; `hang`: they stay open, and nothing comes through; `refuse`. */
export type ProxyMode = 'pass' | 'hang' | 'refuse'

/** A client's connection and the one to Redis that serves it. */
interface Pair {
  client: Socket
  server: Socket
  /** Whether a worker waits for jobs on it. */
  waits: boolean
}

/** A TCP proxy whose network can be broken: cut off, half-open, slow. */
export class Proxy {
  #mode: ProxyMode = 'pass'
  #delayMs = 0
  readonly #pairs = new Set<Pair>()
  readonly #forgotten = new Set<Pair>()
  readonly #server: Server

  private constructor(private readonly target: number) {
    this.#server = createServer((client) => this.#connect(client))
  }

  static async start(targetPort: number): Promise<Proxy> {
    const proxy = new Proxy(targetPort)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  set mode(mode: ProxyMode) {
    this.#mode = mode
    if (mode === 'refuse') this.cut()
    for (const { client, server } of this.#pairs) {
      for (const socket of [client, server]) if (mode === 'hang') socket.pause()
      for (const socket of [client, server]) if (mode === 'pass') socket.resume()
    }
  }

  /** Holds each piece of data up for so long, in ms. */
  set delay(ms: number) {
    this.#delayMs = ms
  }

  /** What hangs now will hang for ever: only new connections follow the mode. */
  forget(): void {
    for (const pair of this.#pairs) this.#forgotten.add(pair)
    this.#pairs.clear()
  }

  /** The connections on which workers wait for jobs will hang for ever. */
  forgetWaiting(): void {
    for (const pair of [...this.#pairs].filter(({ waits }) => waits)) {
      for (const socket of [pair.client, pair.server]) socket.pause()
      this.#pairs.delete(pair)
      this.#forgotten.add(pair)
    }
  }

  /** Connections that have not been forgotten. */
  get open(): number {
    return this.#pairs.size
  }

  /** Breaks every connection. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy()
      server.destroy()
    }
    this.#pairs.clear()
  }

  async stop(): Promise<void> {
    for (const pair of this.#forgotten) this.#pairs.add(pair)
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #connect(client: Socket): void {
    if (this.#mode === 'refuse') return void client.resetAndDestroy()
    const server = connect(this.target, '127.0.0.1')
    const pair: Pair = { client, server, waits: false }
    client.on('data', (data) => (pair.waits ||= data.includes('bzpopmin')))
    this.#pairs.add(pair)
    this.#pipe(client, server)
    this.#pipe(server, client)
    if (this.#mode === 'hang') for (const socket of [client, server]) socket.pause()
    const end = (): void => {
      client.destroy()
      server.destroy()
      this.#pairs.delete(pair)
      this.#forgotten.delete(pair)
    }
    for (const socket of [client, server]) socket.on('close', end).on('error', end)
  }

  #pipe(from: Socket, to: Socket): void {
    from.on('data', (data) => {
      if (this.#delayMs === 0) to.write(data)
      else setTimeout(() => to.writable && to.write(data), this.#delayMs)
    })
  }
}
