import type { Permission } from '@flexaction/shared'
import { FlexActionError } from '@flexaction/shared/errors'
import { type Run, RUN_ID, type RunReader, type RunView, viewRun } from '@flexaction/shared/runs'
import { type Caller, may, mayWatch } from './caller.js'

const MOST_REMEMBERED = 10_000

interface Published {
  identity: string
  permission: Permission
}

export interface RunAccessOptions {
  reader: RunReader
  /** What is published now: actions and messages. */
  published(): readonly Published[]
  /** Who reads their own runs alone. */
  ownRunsOnly: OwnRunsOnly
}

/** What a caller sees of runs: every route that shows one asks here, by whichever way it found it. */
export class RunAccess {
  /** Whose runs, and under which permission, were found lately: what decides who sees a run never changes. */
  readonly #found = new Map<string, Pick<Run, 'permission' | 'user'>>()

  constructor(private readonly options: RunAccessOptions) {}

  get reader(): RunReader {
    return this.options.reader
  }

  /** The run, if the caller may see it. Throws `not_found`, with the same text for one that does not exist. */
  async find(caller: Caller, id: string): Promise<Run> {
    const run = RUN_ID.test(id) ? await this.reader.run(id) : undefined
    if (run) this.#remember(run)
    if (run && this.sees(caller, run)) return run
    throw new FlexActionError(
      'not_found',
      `There is no run '${id.slice(0, 100)}'; ended runs are kept for the time that RUN_RETENTION says`,
    )
  }

  /** Whether it is known, without reading the run, that the caller sees it. */
  isKnownToBeSeen(caller: Caller, id: string): boolean {
    const known = this.#found.get(id)
    return known !== undefined && this.sees(caller, known)
  }

  sees(caller: Caller, run: Pick<Run, 'permission' | 'user'>): boolean {
    if (run.user.name === caller.name) return true
    return !this.seesOwnAlone(caller) && mayWatch(caller, run.permission)
  }

  /** Whether a caller is shown no runs but those of the same name. */
  seesOwnAlone(caller: Caller): boolean {
    return this.options.ownRunsOnly(caller)
  }

  /** What an action asks for now: who sees its queue, its history and its messages. One that is not published any more is for admins: nobody can say who else might. */
  permissionOf(identity: string): Permission {
    return this.options.published().find((one) => one.identity === identity)?.permission ?? 'admin'
  }

  /** A run as this caller sees it. */
  view(caller: Caller, run: Run): RunView {
    return viewRun(run, seesTexts(caller))
  }

  #remember({ id, permission, user }: Run): void {
    this.#found.delete(id)
    this.#found.set(id, { permission, user })
    const [oldest] = this.#found.keys()
    if (this.#found.size > MOST_REMEMBERED && oldest !== undefined) this.#found.delete(oldest)
  }
}

/** Operators see the texts of unexpected failures; viewers see a safe text. */
export function seesTexts(caller: Caller): boolean {
  return may(caller, 'operator')
}

/** Whether a caller reads its own runs alone. */
export type OwnRunsOnly = (caller: Caller) => boolean

/** Reads OWN_RUNS_ONLY: roles (viewer, operator) and groups (`group:support`), separated by commas. */
export function parseOwnRunsOnly(text: string): OwnRunsOnly {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  const wrong = entries.find((entry) => !/^(viewer|operator|group:.+)$/.test(entry))
  if (wrong !== undefined)
    throw new RangeError(`holds '${wrong}', which is neither viewer, operator nor a group such as group:support`)
  const named = new Set(entries)
  return ({ role, groups }) =>
    role !== 'admin' && (named.has(role) || groups.some((group) => named.has(`group:${group}`)))
}
