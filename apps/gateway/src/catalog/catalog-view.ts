import type { Permission } from '@flexaction/shared'
import type { CatalogStore, LiveWorker, PublishedAction, PublishedCollection } from '@flexaction/shared/catalog'
import { compileForm, type CompiledForm } from '@flexaction/shared/fields'
import type { Logger } from '@flexaction/shared/logging'
import type { RedisClient } from '@flexaction/shared/redis'
import { type Caller, may, requirePermission } from '../access/caller.js'
import { visibleTo } from '../access/visible-actions.js'

/** An action of the catalog, ready to check requests with. */
export interface CatalogAction extends PublishedAction {
  parseForm: CompiledForm
}

export interface CatalogViewOptions {
  store: CatalogStore
  subscriber: RedisClient
  /** The channel that announces changes. */
  channel: string
  logger: Logger
  onError(error: unknown): void
  /** Called with each action when it is published, changed or not. */
  onActions(actions: readonly CatalogAction[]): void
}

/** Announcements may be missed; the catalog is read again this often, and the live workers with it. */
const REFRESH_EVERY_MS = 2_000
/** Lists of actions that are kept, serialised, for callers of different roles and groups. */
const MOST_LISTS = 100

/** The catalog as this gateway knows it: in memory, so that listing it asks nobody. */
export class CatalogView {
  #actions: readonly CatalogAction[] = []
  #published: readonly CatalogAction[] = []
  #messages: ReadonlyMap<string, CatalogAction> = new Map()
  /** By name. */
  #collections: ReadonlyMap<string, PublishedCollection> = new Map()
  /** By role and groups. */
  readonly #lists = new Map<string, Buffer>()
  #groups: ReadonlyMap<string, ReadonlySet<string>> = new Map()
  #workers: readonly LiveWorker[] = []
  /** By the action's identity. */
  readonly #serving = new Map<string, readonly LiveWorker[]>()
  #callLengths: ReadonlyMap<string, number> = new Map()
  #loaded = false
  #version: string | null = null
  #source = ''
  #timer: NodeJS.Timeout | undefined
  #refreshing: Promise<void> | undefined
  readonly #onMessage = (channel: string): void => {
    if (channel === this.options.channel) void this.#refreshQuietly()
  }

  constructor(private readonly options: CatalogViewOptions) {}

  async start(): Promise<void> {
    const { subscriber, channel } = this.options
    subscriber.on('message', this.#onMessage)
    await subscriber.subscribe(channel)
    await this.#refresh()
    this.#timer = setInterval(() => void this.#refreshQuietly(), REFRESH_EVERY_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.options.subscriber.off('message', this.#onMessage)
    await this.#refreshing
  }

  get actions(): readonly CatalogAction[] {
    return this.#actions
  }

  /** The handler of a custom message, as an action that nobody is offered. */
  message(name: string): CatalogAction | undefined {
    return this.#messages.get(name)
  }

  /** All that can be run, messages included. */
  get published(): readonly CatalogAction[] {
    return this.#published
  }

  get workers(): readonly LiveWorker[] {
    return this.#workers
  }

  /** Groups of workers that have ever published something, with the identities of what they publish. */
  get groups(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#groups
  }

  /** By name. */
  get collections(): ReadonlyMap<string, PublishedCollection> {
    return this.#collections
  }

  /** Whether some worker has said that it can list this collection's records. */
  lists(collection: string): boolean {
    return this.#collections.has(collection)
  }

  /** Names of the collections whose records a caller may read. */
  collectionsFor(caller: Caller): readonly string[] {
    return [...this.#collections].filter(([, one]) => may(caller, readersOf(one))).map(([name]) => name)
  }

  /** Throws `not_permitted` unless a caller may read the records of a collection. */
  requireReader(caller: Caller, collection: string): void {
    const known = this.#collections.get(collection)
    requirePermission(caller, known ? readersOf(known) : 'admin', `reading records of '${collection}'`)
  }

  /** Ids of the live workers that list a collection. */
  workersListing(collection: string): readonly string[] {
    return this.#workers.filter(({ collections }) => collections.includes(collection)).map(({ id }) => id)
  }

  /** Measured length of an action's calls, in ms; `undefined` if unknown. */
  callLength(identity: string): number | undefined {
    return this.#callLengths.get(identity)
  }

  /** The answer to get_action_list for a caller, serialised: what the caller may run. */
  listFor(caller: Caller): Buffer {
    const key = JSON.stringify([caller.role, ...caller.groups])
    let list = this.#lists.get(key)
    if (!list) {
      if (this.#lists.size >= MOST_LISTS) this.#lists.clear()
      list = Buffer.from(JSON.stringify(visibleTo(caller, this.#actions).map(({ entry }) => entry)))
      this.#lists.set(key, list)
    }
    return list
  }

  /** Whether the catalog was read, and some worker has ever published. */
  get ready(): boolean {
    return this.#loaded && this.#actions.length + this.#messages.size > 0
  }

  /** Live workers that serve an action. */
  workersServing(identity: string): readonly LiveWorker[] {
    let serving = this.#serving.get(identity)
    if (!serving) {
      serving = this.#workers.filter(({ actions }) => actions.includes(identity))
      this.#serving.set(identity, serving)
    }
    return serving
  }

  /** How many they are. */
  workersFor(identity: string): number {
    return this.workersServing(identity).length
  }

  async #refreshQuietly(): Promise<void> {
    try {
      await this.#refresh()
    } catch (error) {
      this.options.onError(error)
    }
  }

  #refresh(): Promise<void> {
    // An announcement during a refresh must be followed by one more, or it would be missed.
    this.#refreshing = (this.#refreshing ?? Promise.resolve()).catch(() => undefined).then(() => this.#read())
    return this.#refreshing
  }

  async #read(): Promise<void> {
    const { store } = this.options
    const [version, workers, callLengths] = await Promise.all([
      store.version(),
      store.liveWorkers(),
      store.callLengths(),
    ])
    this.#workers = workers
    this.#serving.clear()
    this.#callLengths = callLengths
    if (this.#loaded && version === this.#version) return
    const published = await store.read()
    this.#groups = published.groups
    const source = JSON.stringify({ ...published, groups: undefined })
    this.#loaded = true
    this.#version = version
    if (source === this.#source) return
    this.#source = source
    this.#collections = new Map(published.collections.map((one) => [one.collection, one]))
    this.#actions = published.actions.map((action) => ({
      ...action,
      parseForm: compileForm(action.entry.params ?? [], { unknownParams: action.unknownParams }),
    }))
    const messages = published.messages.map((message) => ({ ...message, parseForm: readRaw }))
    this.#messages = new Map(messages.map((message) => [message.name, message]))
    this.#published = [...this.#actions, ...messages]
    this.#lists.clear()
    this.options.onActions(this.#published)
    this.options.logger.info(
      { actions: published.actions.map(({ identity }) => identity), collections: [...this.#collections.keys()] },
      'catalog read',
    )
  }
}

/** Who may read the records of a collection. */
function readersOf({ permission = 'operator' }: PublishedCollection): Permission {
  return permission
}

/** Params of a message are whatever its sender and its handler agree on. */
const readRaw: CompiledForm = (form) => ({ ok: true, values: { ...form } })
