/**
 * Every key and channel that this product keeps in Redis. No other module spells one.
 * Keys of one run share a hash tag, so that one script serves them on Redis Cluster.
 */
export class Keys {
  constructor(readonly prefix: string) {}

  /** Hash: the run's fields. */
  run(id: string): string {
    return `${this.prefix}:{${id}}:run`
  }

  /** Hash: what was sent: `form`, and the packed ids of each batch under its number. */
  input(id: string): string {
    return `${this.prefix}:{${id}}:input`
  }

  /** Hash: who holds each batch that is queued, running or delayed. */
  leases(id: string): string {
    return `${this.prefix}:{${id}}:leases`
  }

  /** Hash: per batch, the lines that say what happened to its items. */
  log(id: string): string {
    return `${this.prefix}:{${id}}:log`
  }

  /** Sorted set of run ids by creation time. */
  get runs(): string {
    return `${this.prefix}:runs`
  }

  /** The same for one action name. */
  runsOfAction(action: string): string {
    return `${this.prefix}:runs:action:${action}`
  }

  /** The same for one user. */
  runsOfUser(user: string): string {
    return `${this.prefix}:runs:user:${user}`
  }

  /** Sorted set of runs that have not ended, by creation time: what the reconciler looks after. */
  get openRuns(): string {
    return `${this.prefix}:runs:open`
  }

  /** Hash: group → what it published, as JSON. */
  get catalog(): string {
    return `${this.prefix}:catalog`
  }

  /** Hash: worker id → its last heartbeat, as JSON. */
  get workers(): string {
    return `${this.prefix}:workers`
  }

  /** Channel: a run ended. */
  get runEnded(): string {
    return `${this.prefix}:events:run-ended`
  }

  /** Channel: the catalog changed. */
  get catalogChanged(): string {
    return `${this.prefix}:events:catalog-changed`
  }

  /** BullMQ's prefix for one queue: a hash tag of its own, so that queues spread over a cluster's shards. */
  queue(name: string): string {
    return `${this.prefix}:{queue ${name}}`
  }
}
