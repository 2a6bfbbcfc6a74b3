import type { DirectOffer, Run } from '@flexaction/shared/runs'
import { randomBytes } from 'node:crypto'
import type { CatalogAction, CatalogView } from '../catalog/catalog-view.js'

/** Runs that take longer than this gain nothing by it, and are better seen in the queue while they last. In ms. */
const QUICK_MS = 200
/** How fast the measured length of an action's runs follows: the newest run weighs half. The first ones after a start are slow. */
const SMOOTHING = 0.5

interface Known {
  /** Smoothed, in ms. */
  runMs: number
  /** Runs that were handed over and are waited for. */
  open: number
}

/**
 * Decides which runs are handed to a worker as they are accepted, past the queue: those that somebody waits for, of actions
 * whose runs of one call have ended at once so far, while the workers have slots left. The queue is for everything that waits.
 */
export class DirectLine {
  readonly #known = new Map<string, Known>()
  readonly #name = randomBytes(6).toString('hex')
  #offers = 0

  /** `enabled`: false where a script cannot tell whether a worker listens (Redis Cluster). */
  constructor(
    private readonly catalog: Pick<CatalogView, 'workersServing'>,
    private readonly enabled: boolean,
  ) {}

  /** To whom to hand the next run of the action; `undefined`: to the queue. Say {@link over} when nobody waits any more. */
  offer({ identity, slots }: CatalogAction): DirectOffer | undefined {
    const known = this.#known.get(identity)
    if (!this.enabled || !known || known.runMs > QUICK_MS) return undefined
    const workers = this.catalog.workersServing(identity)
    if (known.open >= slots * workers.length) return undefined
    known.open++
    const token = `direct-${this.#name}-${++this.#offers}`
    return { worker: workers[this.#offers % workers.length]?.id ?? '', token }
  }

  /** Nobody waits any more for a run that was handed over. */
  over({ identity }: CatalogAction): void {
    const known = this.#known.get(identity)
    if (known) known.open--
  }

  /** A run of one batch was waited for. `ended`: as it ended; `undefined`: it took longer than that. */
  measured({ identity }: CatalogAction, ended: Run | undefined): void {
    const runMs = ended ? (ended.finishedAt ?? 0) - (ended.startedAt ?? 0) : Number.POSITIVE_INFINITY
    const known = this.#known.get(identity)
    if (!known) this.#known.set(identity, { runMs, open: 0 })
    else known.runMs = Number.isFinite(known.runMs) ? known.runMs + SMOOTHING * (runMs - known.runMs) : runMs
  }
}
