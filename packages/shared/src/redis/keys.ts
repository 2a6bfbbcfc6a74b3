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

  /** Set: batches with failed items: what a retry reopens. */
  failed(id: string): string {
    return `${this.prefix}:{${id}}:failed`
  }

  /** Set: batches whose failed items were reopened and that were not queued again yet. */
  redo(id: string): string {
    return `${this.prefix}:{${id}}:redo`
  }

  /** Set: ids that a run on all records leaves out, as texts. */
  except(id: string): string {
    return `${this.prefix}:{${id}}:except`
  }

  /** All keys of a run, in the order in which its scripts take them (lua/lib/run.lua). */
  allOfRun(id: string): readonly string[] {
    const { run, input, leases, log, failed, redo, except } = this
    return [run, input, leases, log, failed, redo, except].map((key) => key.call(this, id))
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

  /** Sorted set of runs that have ended, by the time of their end: what retention looks after. */
  get endedRuns(): string {
    return `${this.prefix}:runs:ended`
  }

  /** Sorted set of runs that must start before a time, by that time. */
  get expiringRuns(): string {
    return `${this.prefix}:runs:expiring`
  }

  /** Number of items that are waiting or active, over all runs. */
  get pendingItems(): string {
    return `${this.prefix}:pending-items`
  }

  /** The run that a request with an Idempotency-Key has made. */
  idempotency(digest: string): string {
    return `${this.prefix}:idempotency:${digest}`
  }

  /** Whose turn it is to put things right: there while a pass is not due. */
  get maintenance(): string {
    return `${this.prefix}:maintenance`
  }

  /** Hash: group → what it published, as JSON. One script reads it together with the workers: they share a hash tag. */
  get catalog(): string {
    return `${this.prefix}:{catalog}:groups`
  }

  /** Hash: worker id → its last heartbeat, as JSON. */
  get workers(): string {
    return `${this.prefix}:{catalog}:workers`
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

  /** Channel: a turn of the action has become free, for the worker that is named. */
  turnChannel(identity: string): string {
    return `${this.prefix}:events:turns:${identity}`
  }

  /** List: questions about a topic that no worker has taken yet, by id. All share a hash tag: workers wait on several. */
  questions(topic: string): string {
    return `${this.prefix}:{questions}:about:${topic}`
  }

  /** A question's text; it goes when its time is up, or when a worker takes it. */
  question(id: string): string {
    return `${this.prefix}:{questions}:${id}`
  }

  /** Channel: answers to one gateway's questions. */
  answers(gateway: string): string {
    return `${this.prefix}:events:answers:${gateway}`
  }

  /** Channel: nobody waits for the answer to a question any more. */
  get droppedQuestions(): string {
    return `${this.prefix}:events:dropped-questions`
  }

  /** Hash: a file that a handler returned: name, type, size, and its pieces by number. */
  file(id: string): string {
    return `${this.prefix}:file:${id}`
  }

  /** What addresses of files are signed with. */
  get fileSecret(): string {
    return `${this.prefix}:file-secret`
  }

  /** Channel: a run ended. */
  get runEnded(): string {
    return `${this.prefix}:events:run-ended`
  }

  /** Channel: what the workers of a run are to do: `hold <id>`, `cancel <id>`. */
  get runCommands(): string {
    return `${this.prefix}:events:run-commands`
  }

  /** Channel: runs for one worker alone, handed over as they are accepted. */
  directRuns(worker: string): string {
    return `${this.prefix}:events:direct-runs:${worker}`
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
