import type { Turns } from '@flexaction/shared/limits'

/** One handler call's turn. */
export interface Turn {
  /** The call begins now. */
  begin(): void
  /** It has ended, or was not made after all. */
  leave(): void
}

const NO_LIMITS: Turn = { begin: () => undefined, leave: () => undefined }
const PAUSE_AFTER_ERROR_MS = 500

/** Lets handler calls of one action begin, within the limits that it shares with all other workers. */
export class Limiter {
  readonly #waiting: ((turn: Turn | undefined) => void)[] = []
  readonly #held = new Set<string>()
  #asking = false
  #stopped = false
  #count = 0
  #giveBack = ''
  #wake: (() => void) | undefined
  #renewing: NodeJS.Timeout | undefined

  /** `turns` undefined: the action has no such limits. `mostWaiting`: calls that may wait for their turn here. */
  constructor(
    private readonly turns: Turns | undefined,
    readonly mostWaiting: number,
    private readonly name: string,
    private readonly renewEveryMs: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    if (this.turns) this.#renewing = setInterval(() => void this.#renew(), this.renewEveryMs)
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#renewing)
    for (const resolve of this.#waiting.splice(0)) resolve(undefined)
    this.#wake?.()
  }

  /** The next turn; `undefined` when the limiter was stopped. */
  enter(): Turn | Promise<Turn | undefined> {
    if (!this.turns) return NO_LIMITS
    const turn = new Promise<Turn | undefined>((resolve) => this.#waiting.push(resolve))
    if (!this.#asking) void this.#askForAll(this.turns)
    return turn
  }

  /** A turn has become free somewhere, and it is this worker's. */
  wake(): void {
    this.#wake?.()
  }

  async #askForAll(turns: Turns): Promise<void> {
    this.#asking = true
    while (this.#waiting.length > 0 && !this.#stopped) {
      const token = `${this.name}-${++this.#count}`
      const giveBack = this.#giveBack
      this.#giveBack = ''
      try {
        const reply = await turns.take(token, giveBack)
        if (!reply.granted) await this.#pause(reply.askAgainMs)
        else if (this.#waiting.length > 0) this.#waiting.shift()?.(this.#turn(turns, token))
        else this.#turn(turns, token).leave()
      } catch (error) {
        this.onError(error)
        this.#giveBack ||= giveBack
        await this.#pause(PAUSE_AFTER_ERROR_MS)
      }
    }
    this.#asking = false
    if (this.#giveBack !== '') await turns.giveBack(this.#giveBack).catch(this.onError)
    this.#giveBack = ''
  }

  #turn(turns: Turns, token: string): Turn {
    this.#held.add(token)
    let begun = false
    return {
      begin: () => {
        begun = true
        void turns.begin(token).catch(this.onError)
      },
      leave: () => {
        this.#held.delete(token)
        if (!begun) void turns.discard(token).catch(this.onError)
        else if (this.#wake && this.#giveBack === '') {
          // The next question takes it along, if one is about to be asked.
          this.#giveBack = token
          this.#wake()
        } else void turns.giveBack(token).catch(this.onError)
      },
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#wake = done
    })
  }

  async #renew(): Promise<void> {
    await this.turns?.renew([...this.#held]).catch(this.onError)
  }
}
