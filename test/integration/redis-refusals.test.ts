import { common, defineAction } from '@flexaction/shared'
import { createLogger } from '@flexaction/shared/logging'
import { checkRedis, connect, redisErrorOf } from '@flexaction/shared/redis'
import { rm } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { hasRedisServer, OwnRedis } from '../harness/own-redis.js'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'

const ping = defineAction({ name: 'ping', target: common(), run: () => undefined })

interface State {
  /** Lines of Redis's configuration. */
  config?: string[]
  enter(redis: OwnRedis): Promise<unknown>
  leave(redis: OwnRedis): Promise<unknown>
}

/** Every state of a Redis in which it refuses writes for a while, and the word that it refuses them with. */
const REFUSING: Readonly<Record<string, State>> = {
  oom: {
    enter: (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '1'),
    leave: (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
  },
  noreplicas: {
    enter: (redis) => redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    leave: (redis) => redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0'),
  },
  readonly: {
    enter: (redis) => redis.command('REPLICAOF', '127.0.0.1', '1'),
    leave: (redis) => redis.command('REPLICAOF', 'NO', 'ONE'),
  },
  masterdown: {
    config: ['replica-serve-stale-data no'],
    enter: (redis) => redis.command('REPLICAOF', '127.0.0.1', '1'),
    leave: (redis) => redis.command('REPLICAOF', 'NO', 'ONE'),
  },
  misconf: {
    config: ['save 3600 1000000'],
    enter: async (redis) => {
      await rm(redis.dir, { recursive: true })
      await redis.command('BGSAVE')
      await until('the snapshot to fail', async () =>
        (await redis.command('INFO', 'persistence')).includes('rdb_last_bgsave_status:err'),
      )
    },
    leave: (redis) => redis.command('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no'),
  },
  busy: {
    config: ['busy-reply-threshold 1'],
    enter: async (redis) => {
      void redis.command('EVAL', 'while true do end', '0').catch(() => undefined)
      await until('the script to run', async () => (await redis.command('PING')).startsWith('BUSY'))
    },
    leave: (redis) => redis.command('SCRIPT', 'KILL'),
  },
  loading: {
    config: ['enable-debug-command yes', 'loading-process-events-interval-bytes 1024'],
    enter: async (redis) => {
      await redis.command('EVAL', "for n = 1, 200 do redis.call('SET', 'fill' .. n, string.rep('x', 2000)) end", '0')
      await redis.command('CONFIG', 'SET', 'key-load-delay', '20000')
      void redis.command('DEBUG', 'RELOAD').catch(() => undefined)
      await until('Redis to load', async () => (await redis.command('GET', 'x')).startsWith('LOADING'))
    },
    leave: (redis) => redis.command('CONFIG', 'SET', 'key-load-delay', '0'),
  },
}

describe('a Redis that refuses', () => {
  it.skipIf(!hasRedisServer).each(Object.entries(REFUSING))(
    '%s: a run is refused, certainly not accepted, and said once',
    async (kind, state) => {
      await using redis = await OwnRedis.start({ config: state.config ?? [] })
      await using system = await System.start({ actions: [ping], workers: 1, env: { REDIS_URL: redis.url } })
      const before = await ended(system)
      system.logLines.length = 0

      await state.enter(redis)
      const answers: unknown[] = []
      for (let n = 0; n < 5; n++) {
        const answer = await system.send('execute_action', { name: 'ping' }, { prefer: 'respond-async' })
        answers.push([answer.status, answer.headers.get('retry-after'), await answer.json()])
      }
      const readiness = await (await system.get('/readyz')).json()
      await state.leave(redis)

      expect(readiness).toMatchObject({
        status: 'not ready',
        details: { redis: expect.stringMatching(`${kind}|away`) },
      })
      const detail = expect.stringMatching(/^(The store takes nothing|The store is not available) at the moment\./)
      expect(answers).toEqual(Array.from({ length: 5 }, () => [503, '2', { detail }]))
      await until('the gateway to go on', async () => {
        const answer = await system.send('execute_action', { name: 'ping' })
        return answer.status === 201
      })
      await until('the outage to be said to be over', () => said(system, 'gateway', 'Redis is back').length === 1)
      expect(said(system, 'gateway', 'again until it is back').filter((line) => line.kind === kind)).toHaveLength(1)
      expect(said(system, 'gateway', 'Redis is back')[0]?.failed).toHaveProperty(kind)
      // What was refused is in no list: but for those that were accepted, nothing has run.
      expect(await ended(system)).toBe(before + 1)
    },
  )

  it.skipIf(!hasRedisServer)('maxclients: further connections wait, and say so', async () => {
    await using redis = await OwnRedis.start({ config: ['maxclients 1'] })
    const held = connect(redis.url, { name: 'holds the only place', whenAway: 'wait' })
    await held.ping()
    const refused = connect(redis.url, { name: 'test', whenAway: 'wait' })
    const error = await new Promise<Error>((resolve) => refused.once('error', resolve))
    held.disconnect()
    // Redis closes the connection with its answer: either may be seen first.
    expect(['maxclients', 'away']).toContain(redisErrorOf(error)?.kind)
    expect(await refused.ping()).toBe('PONG')
    refused.disconnect()
  })

  it.skipIf(!hasRedisServer)('clusterdown: a node of a cluster that has lost slots', async () => {
    await using redis = await OwnRedis.start({ config: ['cluster-enabled yes'] })
    const client = connect(redis.url, { name: 'test', whenAway: 'fail-fast' })
    await new Promise((resolve) => client.once('ready', resolve))
    const error: unknown = await client.set('a', '1').catch((caught: unknown) => caught)
    client.disconnect()
    expect(redisErrorOf(error)).toMatchObject({ kind: 'clusterdown', meaning: 'refused' })
  })
})

describe('a Redis that does not let one in', () => {
  const logger = createLogger('test', 'silent')

  it.skipIf(!hasRedisServer).each([
    ['noauth', ['requirepass secret'], '', /NOAUTH .*; give it the user and the password/],
    ['wrongpass', ['requirepass secret'], ':wrong@', /WRONGPASS .*; give it the user and the password/],
    ['noperm', ['user ada on >secret +hello +info +client'], 'ada:secret@', /NOPERM .*; docs\/security.md tells/],
  ])('%s: ends with a clear text', async (_, config, login, problem) => {
    await using redis = await OwnRedis.start({ config })
    const url = redis.url.replace('//', `//${login}`)
    await expect(checkRedis(url, logger)).rejects.toThrow(problem)
  })

  it.skipIf(!hasRedisServer)('sentinels: waits for Sentinels that are away', async () => {
    const client = connect('redis+sentinel://127.0.0.1:1/main', { name: 'test', whenAway: 'fail-fast' })
    const error = await new Promise<Error>((resolve) => client.once('error', resolve))
    client.disconnect()
    expect(redisErrorOf(error)).toMatchObject({ kind: 'sentinels', meaning: 'refused' })
  })
})

async function ended(system: System): Promise<number> {
  const { runs } = (await (await system.get('/api/runs')).json()) as { runs: unknown[] }
  return runs.length
}

function said(system: System, app: string, text: string): Record<string, unknown>[] {
  return system.logLines.filter((line) => line.app === app && String(line.msg).includes(text))
}
