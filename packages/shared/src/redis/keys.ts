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

  /**
   * Hash: `form`, and per chunk of items its packed ids (`i0`, `i1`, …) and the log of what happened to them (`l0`; further
   * parts `l0.1`, …, their number in `p0`). `rest`: listed ids that fill no chunk yet.
   */
  data(id: string): string {
    return `${this.prefix}:{${id}}:data`
  }

  /** Hash: who holds each batch that is queued, running or delayed. */
  leases(id: string): string {
    return `${this.prefix}:{${id}}:leases`
  }

  /** Set: batches with failed items: what a retry reopens. */
  failed(id: string): string {
    return `${this.prefix}:{${id}}:failed`
  }

  /** Hash: batches with reopened items that were not queued again yet, each with the places of those items, or '' for all that failed. */
  redo(id: string): string {
    return `${this.prefix}:{${id}}:redo`
  }

  /** Set: ids that a run on all records leaves out, as texts. */
  except(id: string): string {
    return `${this.prefix}:{${id}}:except`
  }

  /** Hash: failures by their fingerprint, with count, times and a sample. */
  failures(id: string): string {
    return `${this.prefix}:{${id}}:failures`
  }

  /** All keys of a run, in the order in which its scripts take them (lua/lib/run.lua). */
  allOfRun(id: string): readonly string[] {
    const { run, data, leases, failed, redo, except, failures } = this
    return [run, data, leases, failed, redo, except, failures].map((key) => key.call(this, id))
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

  /** Sorted set of runs that must start before a time, by that time. */
  get expiringRuns(): string {
    return `${this.prefix}:runs:expiring`
  }

  /** Hash: items that are waiting or active, over all runs, by action identity. */
  get pendingItems(): string {
    return `${this.prefix}:pending-items`
  }

  /** Sorted set of batches that wait for a retry, by when it is due (epoch ms). */
  get dueRetries(): string {
    return `${this.prefix}:due-retries`
  }

  /** The tokens of the batches that a worker owns; it expires when the worker is not heard of. */
  ownedBy(worker: string): string {
    return `${this.prefix}:owned-by:${worker}`
  }

  /** Sorted set that a worker waits on together with its queues: a member wakes it. `bucket`: that of the queues. */
  wake(worker: string, bucket: number): string {
    return `${this.prefix}:{${bucket}}:wake:${worker}`
  }

  /** The run that a request with an Idempotency-Key has made. */
  idempotency(digest: string): string {
    return `${this.prefix}:idempotency:${digest}`
  }

  /** Id of the worker that does the maintenance; it expires when that worker is not heard of. */
  get leader(): string {
    return `${this.prefix}:leader`
  }

  /** Hash: group → what it published, as JSON. All keys of the catalog share a hash tag: scripts use several. */
  get catalog(): string {
    return `${this.prefix}:{catalog}:groups`
  }

  /** Changes whenever something was published. */
  get catalogVersion(): string {
    return `${this.prefix}:{catalog}:version`
  }

  /** Sorted set of live workers, as `group|id`, by their last heartbeat (epoch ms). */
  get liveWorkers(): string {
    return `${this.prefix}:{catalog}:live-workers`
  }

  /** Hash: worker id → JSON about it that never changes. */
  get workers(): string {
    return `${this.prefix}:{catalog}:workers`
  }

  /** Hash: worker id → how much of it is in use. */
  get workerLoads(): string {
    return `${this.prefix}:{catalog}:loads`
  }

  /** Hash: digest → what some workers serve, as JSON: stored once per content. */
  get served(): string {
    return `${this.prefix}:{catalog}:served`
  }

  /** Hash: action identity → measured length of a handler call, in ms. */
  get callLengths(): string {
    return `${this.prefix}:call-lengths`
  }

  /** Sorted sets by which workers share an action's limits: see lua/take-turn.lua. */
  turns(identity: string): [holders: string, starts: string, waiting: string, asked: string] {
    const key = (name: string): string => `${this.prefix}:{turns ${identity}}:${name}`
    return [key('holders'), key('starts'), key('waiting'), key('asked')]
  }

  /** Hash: what ended in the interval that began at that time (epoch ms), by outcome and action. */
  history(span: string, at: number): string {
    return `${this.prefix}:history:${span}:${at}`
  }

  /** List: the last messages with their answers, newest first, as JSON. */
  get wire(): string {
    return `${this.prefix}:wire`
  }

  /** A browser's login, by the hash of its cookie. */
  session(hash: string): string {
    return `${this.prefix}:session:${hash}`
  }

  /** First part of the keys in which requests and refused attempts are counted. */
  get requestCounts(): string {
    return `${this.prefix}:request-counts`
  }

  /** Channel: a turn of the action has become free, for the worker that is named. */
  turnChannel(identity: string): string {
    return `${this.prefix}:events:turns:${identity}`
  }

  /** Channel: requests for one worker: options, records, lists of actions. */
  requestsTo(worker: string): string {
    return `${this.prefix}:events:requests:${worker}`
  }

  /** Channel: responses of workers to one gateway's requests. */
  responsesTo(gateway: string): string {
    return `${this.prefix}:events:responses:${gateway}`
  }

  /** Hash: a file that a handler returned: name, type, size, and its pieces by number. */
  file(id: string): string {
    return `${this.prefix}:file:${id}`
  }

  /** What gateways write to learn whether Redis takes writes; it expires. */
  get probe(): string {
    return `${this.prefix}:probe`
  }

  /** What addresses of files are signed with. */
  get fileSecret(): string {
    return `${this.prefix}:file-secret`
  }

  /** Channel: runs that ended, told to the gateway that waits for them. */
  runEnded(gateway: string): string {
    return `${this.prefix}:events:run-ended:${gateway}`
  }

  /** Channel: what the workers of a run are to do: `hold <id>`, `cancel <id>`. */
  get runCommands(): string {
    return `${this.prefix}:events:run-commands`
  }

  /** Channel: the catalog changed. */
  get catalogChanged(): string {
    return `${this.prefix}:events:catalog-changed`
  }

  /**
   * BullMQ's prefix for one queue. Its hash tag is one of a few: a worker waits for all of its queues by one command per tag, and
   * queues still spread over a cluster's shards.
   */
  queue(name: string): string {
    return `${this.prefix}:{${bucketOf(name)}}`
  }
}

const BUCKETS = 16

/** Which of the hash tags a queue has. */
export function bucketOf(queue: string): number {
  let hash = 0
  for (let at = 0; at < queue.length; at++) hash = (Math.imul(hash, 31) + queue.charCodeAt(at)) >>> 0
  return hash % BUCKETS
}
