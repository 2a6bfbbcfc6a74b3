export interface EmbeddedRedisOptions {
  /** Redis keeps its files in `redis` below this folder; created when absent. */
  dataDir: string
  /** Whether every write is appended to a file, synced each second; default true. Without it nothing outlives a stop. */
  appendOnly?: boolean
  /** Port of 127.0.0.1; default: the one this folder had last time if it is free, else any free one. */
  port?: number
  /** Gives up starting when aborted, and leaves nothing running. */
  signal?: AbortSignal | undefined
  /** Told what takes time while starting: `Fetching Redis`, `Redis is loading its data`. */
  onProgress?: ((doing: string) => void) | undefined
  /** Told when Redis ended without being asked to, with its last log lines. It is not started again by itself. */
  onUnexpectedExit?: ((lastLines: string) => void) | undefined
}

export interface EmbeddedRedis {
  /** `redis://:password@127.0.0.1:port`; stays the same over `restart()`. */
  readonly url: string
  readonly port: number
  /** Process id of the server (to SIGSTOP it, say); `undefined` while it does not run. */
  readonly pid: number | undefined
  /** Saves and ends, in order; SIGKILL after 10 s. Idempotent. */
  stop(): Promise<void>
  /** SIGKILL, as a crash would be. Returns when the process is gone. Idempotent. */
  kill(): Promise<void>
  /** Stops it if it runs, then starts it on the same port and folder. Returns when it answers. */
  restart(): Promise<void>
}

/**
 * Starts a private Redis: real, on 127.0.0.1, behind a random password that is kept in its folder, with no eviction. One
 * that an earlier start left alive in this folder is taken over instead. Returns when it answers PING. Throws a
 * StartProblem when there is no server program or it does not start. Does not lock the folder: that is the caller's task.
 */
export function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis>
