import { FlexActionError } from '@flexaction/shared/errors'

const TRY_AGAIN_SECONDS = 2

/** Bytes of bodies that this gateway holds at the moment, over all requests and for each caller. */
export class BodyBudget {
  #inHand = 0
  readonly #ofCaller = new Map<string, number>()

  constructor(
    private readonly most: number,
    private readonly mostPerCaller: number,
  ) {}

  /** Notes bytes that have come. Throws `too_many_requests` or `unavailable` when that is more than is allowed at once. */
  take(caller: string, bytes: number): void {
    const own = this.#ofCaller.get(caller) ?? 0
    if (own + bytes > this.mostPerCaller) {
      const text = 'Too much is being sent by you at the same time: wait for the answers to what you have sent'
      throw new FlexActionError('too_many_requests', text, { retryAfter: TRY_AGAIN_SECONDS })
    }
    if (this.#inHand + bytes > this.most) {
      const text = 'This gateway holds as much as it can at the moment. Try again in a moment'
      throw new FlexActionError('unavailable', text, { retryAfter: TRY_AGAIN_SECONDS })
    }
    this.#inHand += bytes
    this.#ofCaller.set(caller, own + bytes)
  }

  /** The request that brought them is over. */
  give(caller: string, bytes: number): void {
    this.#inHand -= bytes
    const left = (this.#ofCaller.get(caller) ?? 0) - bytes
    if (left > 0) this.#ofCaller.set(caller, left)
    else this.#ofCaller.delete(caller)
  }
}
