import { duration, integer, readSettings, type Settings, sharedSettings, text } from '@flexaction/shared/config'

export const workerSettings = {
  ...sharedSettings,
  WORKER_GROUP: text({
    description:
      'Name of the workers that serve the same actions. What a group publishes replaces what it published before.',
    default: 'default',
    allowed: 'letters, digits, -, _ and .',
    check: (given) => {
      if (!/^[\w.-]+$/.test(given)) throw new RangeError('must consist of letters, digits, -, _ and .')
    },
  }),
  ACTIONS_DIR: text({
    description:
      'Folder of the modules that define actions, collections and messages (.js, .mjs, .ts); several are separated by commas. ' +
      'Default: those of the folders actions, collections and messages that the working directory has.',
    allowed: 'a folder, or several',
  }),
  STALL_AFTER: duration({
    description: 'How long a silent worker keeps its batches before another one takes them over.',
    default: '20s',
    min: '1s',
    max: '10m',
  }),
  RECONCILE_EVERY: duration({
    description: 'How often one of the workers looks for batches that a crash left unqueued.',
    default: '15s',
    min: '100ms',
    max: '10m',
  }),
  LIST_WITHIN: duration({
    description: 'How long a collection may take to list one page of records for a run.',
    default: '1m',
    min: '100ms',
    max: '10m',
  }),
  RUNS_KEPT: integer({
    description: 'Most ended runs that are kept, whatever RUN_RETENTION says; the oldest go first.',
    default: 100_000,
    min: 1,
    max: 100_000_000,
  }),
  METRICS_TOKEN: text({
    description:
      'What a worker asks for before it shows its metrics. Give it the token of a viewer in AUTH_TOKENS, and Prometheus needs one token for gateways and workers.',
    secret: true,
    check: (given) => {
      if (given !== '' && given.length < 16) throw new RangeError('must have at least 16 characters')
    },
  }),
  HEALTH_PORT: integer({
    description: 'Port on which the worker answers /healthz, /readyz and /metrics; 0 for none.',
    default: 0,
    min: 0,
    max: 65_535,
  }),
} as const

export type WorkerConfig = Settings<typeof workerSettings>

/** The worker's configuration. Throws ConfigProblems with all that is wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): WorkerConfig {
  return readSettings(workerSettings, env)
}
