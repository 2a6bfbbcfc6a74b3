import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { isNoise } from './noise.js'
import { Frames, isPush, wordCount, wordsOf } from './resp.js'

/** What happens at a step: to the connection that carries it, or to the process that sent it. */
export const FAULTS = ['cut-before', 'cut-after', 'kill-before', 'kill-after', 'freeze-before', 'freeze-after'] as const
export type Fault = (typeof FAULTS)[number]

/** What a proxy may do to the process behind it. */
export interface Hands {
  kill(): Promise<void>
  /** Stops the process, and lets it go on when its batches have been lost. */
  freeze(meanwhile: () => void): Promise<void>
}

/** One command that was numbered. */
export interface Step {
  number: number
  /** Its first words, for people who read a report. */
  command: string
}

/** A client's connection and the one to Redis that serves it. */
interface Link {
  client: Socket
  server: Socket
  /** Commands from the client that were not handed on yet. */
  inbound: Buffer[]
  /** The step at which the fault happens is here: nothing is handed on. */
  held: boolean
  /** Answers that Redis owes or owed; and those that it has given. */
  owed: number
  given: number
  /** Answers from this one on are not handed on. */
  muteFrom: number
}

/** A lost answer is waited for so long before the fault goes on without it, in ms. */
const ANSWER_WITHIN_MS = 2_000
/** Answers to earlier commands of the connection come through first; so long is waited for them, in ms. */
const DRAIN_WITHIN_MS = 200

/** Stands between Redis and one process, numbers the commands that it sends over all its connections, and breaks one. */
export class StepProxy {
  steps: Step[] = []
  /** The step at which the fault happened. */
  struck: Step | undefined
  hands: Hands | undefined
  /** Called when the fault happens. */
  onStruck: () => void = () => undefined
  #plan: { fault: Fault; step: number } | undefined
  #armed = false
  #striking: Promise<void> = Promise.resolve()
  readonly #links = new Set<Link>()
  readonly #server: Server

  private constructor(private readonly target: number) {
    this.#server = createServer((client) => this.#connect(client))
  }

  static async start(targetPort: number): Promise<StepProxy> {
    const proxy = new StepProxy(targetPort)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Numbers from 1 from now on; `plan`: the fault, and the step at which it happens. */
  arm(plan?: { fault: Fault; step: number }): void {
    this.steps = []
    this.struck = undefined
    this.#plan = plan
    this.#armed = true
  }

  /** Does something whose commands are not numbered: waiting, in which nothing of the scenario happens. */
  async unnumbered(work: () => Promise<unknown>): Promise<void> {
    const before = this.#armed
    this.#armed = false
    await work()
    this.#armed = before
  }

  /** Numbers no more. Resolves when a fault that goes on is over. */
  async disarm(): Promise<void> {
    this.#armed = false
    this.#plan = undefined
    await this.#striking
  }

  async stop(): Promise<void> {
    for (const { client, server } of this.#links) for (const socket of [client, server]) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #connect(client: Socket): void {
    const server = connect(this.target, '127.0.0.1')
    for (const socket of [client, server]) socket.setNoDelay(true)
    const link: Link = { client, server, inbound: [], held: false, owed: 0, given: 0, muteFrom: Infinity }
    this.#links.add(link)
    const commands = new Frames()
    const answers = new Frames()
    client.on('data', (data) => {
      link.inbound.push(...commands.push(data))
      this.#handOn(link)
    })
    server.on('data', (data) => {
      for (const frame of answers.push(data)) {
        if (!isPush(frame)) link.given++
        if (link.given < link.muteFrom) client.write(frame)
      }
    })
    const end = (): void => {
      client.destroy()
      server.destroy()
      this.#links.delete(link)
    }
    for (const socket of [client, server]) socket.on('close', end).on('error', end)
  }

  #handOn(link: Link): void {
    while (!link.held && link.inbound.length > 0) {
      const frame = link.inbound.shift() as Buffer
      const step = this.#number(frame)
      if (step && step.number === this.#plan?.step) this.#striking = this.#strike(link, frame, step, this.#plan.fault)
      else this.#send(link, frame)
    }
  }

  #send(link: Link, frame: Buffer): void {
    const [name = ''] = wordsOf(frame, 1)
    // Each channel is answered by itself.
    link.owed += /^[ps]?(un)?subscribe$/i.test(name) ? Math.max(1, wordCount(frame) - 1) : 1
    link.server.write(frame)
  }

  #number(frame: Buffer): Step | undefined {
    if (!this.#armed) return undefined
    const words = wordsOf(frame, 6)
    if (isNoise(words)) return undefined
    const step = { number: this.steps.length + 1, command: describe(words) }
    this.steps.push(step)
    return step
  }

  async #strike(link: Link, frame: Buffer, step: Step, fault: Fault): Promise<void> {
    link.held = true
    this.struck = step
    this.onStruck()
    const [act, moment] = fault.split('-')
    if (act === 'freeze') {
      // What Redis answers meanwhile waits in the process's socket.
      await this.hands?.freeze(() => moment === 'after' && this.#send(link, frame))
      if (moment === 'before') this.#send(link, frame)
      link.held = false
      return this.#handOn(link)
    }
    await answered(link, DRAIN_WITHIN_MS)
    if (moment === 'after') {
      link.muteFrom = link.owed + 1
      this.#send(link, frame)
      await answered(link, ANSWER_WITHIN_MS)
    }
    if (act === 'kill') await this.hands?.kill()
    link.client.resetAndDestroy()
    link.server.destroy()
  }
}

/** Redis has answered all that was sent on this connection. */
async function answered(link: Link, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  while (link.given < link.owed && !link.server.destroyed && performance.now() < deadline) await pause(1)
}

/** The name, and of a script which one it is and its first key. */
function describe(words: readonly string[]): string {
  const [name = '', first = '', , key = ''] = words
  if (/^eval/i.test(name)) return `${name.toUpperCase()} ${first.slice(0, 6)} ${key}`
  return `${name.toUpperCase()} ${first.slice(0, 60)}`
}
