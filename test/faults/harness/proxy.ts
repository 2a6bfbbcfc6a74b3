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
  #bytesPerMs = Infinity
  #step: { at: number; when: 'before' | 'after' } | undefined
  /** Pieces of data that clients have sent since the steps were last counted. */
  #steps = 0
  #holdAt = Infinity
  /** What has come through, in bytes. */
  readonly bytes = { toRedis: 0, toClients: 0 }
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

  /** Lets no more than so many bytes per second through, on each connection and in each direction. */
  set bytesPerSecond(bytes: number) {
    this.#bytesPerMs = bytes / 1_000
  }

  /**
   * Counts the pieces of data that clients send from now on. The connection that sends number `at` breaks: `before` it
   * has reached Redis, or `after`, so that the reply is lost.
   */
  breakAt(at: number, when: 'before' | 'after'): void {
    this.#steps = 0
    this.#step = { at, when }
  }

  /** Hangs once clients have sent so many bytes more. */
  holdAfter(bytes: number): void {
    this.#holdAt = this.bytes.toRedis + bytes
  }

  get mode(): ProxyMode {
    return this.#mode
  }

  /** Whether the connection has been broken that {@link breakAt} asked for. */
  get broke(): boolean {
    return this.#step === undefined
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
    this.#pipe(client, server, (data) => this.#fromClient(pair, data))
    this.#pipe(server, client, (data) => {
      this.bytes.toClients += data.length
      return true
    })
    if (this.#mode === 'hang') for (const socket of [client, server]) socket.pause()
    const end = (): void => {
      client.destroy()
      // One that was ended still takes to Redis what was written to it.
      if (!server.writableEnded) server.destroy()
      this.#pairs.delete(pair)
      this.#forgotten.delete(pair)
    }
    for (const socket of [client, server]) socket.on('close', end).on('error', end)
  }

  /** Returns whether the data is to be passed on. */
  #fromClient({ client, server }: Pair, data: Buffer): boolean {
    this.bytes.toRedis += data.length
    if (this.bytes.toRedis >= this.#holdAt) {
      this.#holdAt = Infinity
      this.mode = 'hang'
    }
    this.#steps++
    if (this.#step?.at !== this.#steps) return true
    const { when } = this.#step
    this.#step = undefined
    if (when === 'after') server.end(data)
    client.resetAndDestroy()
    return false
  }

  /** Data is passed on in order, each piece at its time. */
  #pipe(from: Socket, to: Socket, passes: (data: Buffer) => boolean): void {
    const held: { data: Buffer; due: number }[] = []
    let due = 0
    const passOn = (): void => {
      while (held[0] && held[0].due <= performance.now()) {
        if (to.writable) to.write(held[0].data)
        held.shift()
      }
      if (held[0]) setTimeout(passOn, Math.max(1, held[0].due - performance.now()))
      else if (from.isPaused() && this.#mode !== 'hang') from.resume()
    }
    from.on('data', (data) => {
      if (!passes(data)) return
      const now = performance.now()
      due = Math.max(due, now + this.#delayMs) + data.length / this.#bytesPerMs
      if (held.length === 0 && due <= now) {
        to.write(data)
        return
      }
      held.push({ data, due })
      // What waits here must not grow: a slow link is felt by whoever sends.
      if (held.length > 1 && this.#bytesPerMs !== Infinity) from.pause()
      if (held.length === 1) setTimeout(passOn, Math.max(1, due - now))
    })
  }
}
