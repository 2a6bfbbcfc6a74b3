import { hasEnded, type Run, type RunEndings, type RunReader, type RunWait } from '@flexaction/shared/runs'

/** How often a run that is watched is looked at, in ms. */
const LOOK_EVERY_MS = 500
/** Longest time that a timer can wait. */
const FOREVER_MS = 2 ** 31 - 1

/** Gets a run whenever it has changed; `undefined`: it is gone. */
export type Watcher = (run: Run | undefined) => void

interface Watched {
  watchers: Set<Watcher>
  last: Run | undefined
  timer: NodeJS.Timeout | undefined
  ending: RunWait
}

/** Watches runs: one small read per watched run, however many people look at it. */
export class RunWatch {
  readonly #watched = new Map<string, Watched>()

  constructor(
    private readonly reader: RunReader,
    private readonly endings: RunEndings,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Tells `watcher` of every change from `run` on, until what it returns is called. */
  watch(run: Run, watcher: Watcher): () => void {
    const watched = this.#watched.get(run.id) ?? this.#begin(run)
    watched.watchers.add(watcher)
    if (watched.last && watched.last.revision > run.revision) watcher(watched.last)
    return () => {
      watched.watchers.delete(watcher)
      if (watched.watchers.size === 0) this.#end(run.id, watched)
    }
  }

  #begin(run: Run): Watched {
    const ending = this.endings.wait(run.id, FOREVER_MS, true)
    const watched: Watched = { watchers: new Set(), last: run, timer: undefined, ending }
    this.#watched.set(run.id, watched)
    void ending.ended.then((ended) => {
      if (ended) this.#tell(watched, ended)
    })
    this.#lookLater(run.id, watched)
    return watched
  }

  #end(id: string, watched: Watched): void {
    clearTimeout(watched.timer)
    watched.ending.giveUp()
    if (this.#watched.get(id) === watched) this.#watched.delete(id)
  }

  #lookLater(id: string, watched: Watched): void {
    watched.timer = setTimeout(() => void this.#look(id, watched), LOOK_EVERY_MS)
  }

  async #look(id: string, watched: Watched): Promise<void> {
    try {
      const revision = await this.reader.revision(id)
      if (revision === undefined) this.#tell(watched, undefined)
      else if (Number(revision) !== watched.last?.revision) this.#tell(watched, await this.reader.run(id))
    } catch (error) {
      this.onError(error)
    }
    if (watched.watchers.size > 0) this.#lookLater(id, watched)
  }

  #tell(watched: Watched, run: Run | undefined): void {
    if (run && watched.last && run.revision < watched.last.revision && !hasEnded(run)) return
    watched.last = run
    for (const watcher of [...watched.watchers]) watcher(run)
  }
}
