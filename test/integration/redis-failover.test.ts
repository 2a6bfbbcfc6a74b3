import { common, defineAction } from '@flexaction/shared'
import { createLogger } from '@flexaction/shared/logging'
import { checkRedisPolicy, connect, whenReady } from '@flexaction/shared/redis'
import { connect as connectTo, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { freePort } from '../harness/free-port.js'
import { hasRedisServer, OwnRedis } from '../harness/own-redis.js'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'

/** A name that leads to one server and later to another, while connections that are open stay where they are. */
async function movingName(first: number) {
  const sockets = new Set<Socket>()
  const name = { target: first, port: await freePort() }
  const server = createServer((client) => {
    const upstream = connectTo(name.target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  }).listen(name.port, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(name, {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  })
}

it.skipIf(!hasRedisServer)(
  'goes on at the new primary when the old one becomes a replica under open connections',
  async () => {
    const calls: string[] = []
    const greet = defineAction({ name: 'greet', target: common(), run: ({ ctx }) => void calls.push(ctx.run.id) })
    await using first = await OwnRedis.start()
    await using second = await OwnRedis.start()
    await second.command('REPLICAOF', '127.0.0.1', first.port)
    await using name = await movingName(first.port)
    await using system = await System.start({ actions: [greet], env: { REDIS_URL: `redis://127.0.0.1:${name.port}` } })
    const before = await system.begin({ name: 'greet' })
    await system.runIn(['succeeded'], before)
    await until('the replica to have it', () => inSync(second))

    await second.command('REPLICAOF', 'NO', 'ONE')
    name.target = second.port
    await first.command('REPLICAOF', '127.0.0.1', second.port)

    const after = await until('a run to be accepted again', async () => {
      const answer = await system.send('execute_action', { name: 'greet' }, { prefer: 'respond-async' })
      return answer.status === 202 && (answer.headers.get('x-run-id') ?? '')
    })
    await system.runIn(['succeeded'], after)
    expect(calls).toEqual([before, after])
    expect((await system.get('/readyz')).status).toBe(200)
  },
)

async function inSync(redis: OwnRedis): Promise<boolean> {
  return (await redis.command('INFO', 'replication')).includes('master_link_status:up')
}

it.skipIf(!hasRedisServer).each([
  [
    'with another eviction policy',
    ['maxmemory-policy allkeys-lru', 'appendonly yes'],
    [/^maxmemory-policy is allkeys-lru/],
  ],
  [
    'with nothing on disk that one can know of',
    ['maxmemory-policy noeviction'],
    [/^appendonly is no, and whether snap.* cannot be known/],
  ],
  ['as it should be', ['maxmemory-policy noeviction', 'appendonly yes'], []],
  [
    'that tells nothing at all',
    ['appendonly yes', 'rename-command INFO ""'],
    [/^its maxmemory-policy cannot be known/, /^whether anything is written to disk cannot be known/],
  ],
])('looks at a managed Redis, where CONFIG is forbidden, %s', async (_, config, problems) => {
  await using redis = await OwnRedis.start({ config: ['rename-command CONFIG ""', ...config] })
  const client = connect(redis.url, { name: 'test', whenAway: 'wait' })
  client.options.enableReadyCheck = false
  await whenReady(client)
  const logger = createLogger('test', 'silent')

  const found = await checkRedisPolicy(client, { refuse: false, logger })
  const refused = await checkRedisPolicy(client, { refuse: true, logger }).catch((error: unknown) => error)
  client.disconnect()

  expect(found).toEqual(problems.map((problem): unknown => expect.stringMatching(problem)))
  expect(refused instanceof Error).toBe(problems.length > 0)
})
