import { FlexActionError } from '@flexaction/shared/errors'

const TRY_AGAIN_SECONDS = 10

/** How many streams of events each caller has open at this gateway. */
export class OpenStreams {
  readonly #open = new Map<string, number>()

  constructor(private readonly mostPerCaller: number) {}

  /** Counts one more; the result is called once when it is closed. Throws `too_many_requests` when the caller has too many. */
  begin(caller: string): () => void {
    const open = this.#open.get(caller) ?? 0
    if (open >= this.mostPerCaller) {
      const text = `You have ${open} streams of events open: close some first`
      throw new FlexActionError('too_many_requests', text, { retryAfter: TRY_AGAIN_SECONDS })
    }
    this.#open.set(caller, open + 1)
    return () => {
      const left = (this.#open.get(caller) ?? 1) - 1
      if (left > 0) this.#open.set(caller, left)
      else this.#open.delete(caller)
    }
  }
}
