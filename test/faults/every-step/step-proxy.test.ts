import { connect, type RedisClient } from '@flexaction/shared/redis'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { freshPrefix, redisUrl } from '../../harness/redis.js'
import { type Fault, StepProxy } from './step-proxy.js'

interface Bench extends AsyncDisposable {
  proxy: StepProxy
  /** Through the proxy. */
  redis: RedisClient
  direct: RedisClient
  key: string
}

async function open(): Promise<Bench> {
  const url = new URL(redisUrl())
  const proxy = await StepProxy.start(Number(url.port))
  const direct = connect(url.href, { name: 'test', whenAway: 'wait' })
  url.port = String(proxy.port)
  const redis = connect(url.href, { name: 'test', whenAway: 'fail-fast' })
  redis.on('error', () => undefined)
  await once(redis, 'ready')
  const key = freshPrefix()
  return {
    ...{ proxy, redis, direct, key },
    [Symbol.asyncDispose]: async () => {
      await direct.del(key)
      redis.disconnect()
      direct.disconnect()
      await proxy.stop()
    },
  }
}

it('numbers what counts, in the order in which it is sent, and cuts texts of any size and kind into commands', async () => {
  await using bench = await open()
  const { proxy, redis, key } = bench
  proxy.arm()
  const large = 'ä\r\n$3\r\n*1'.repeat(50_000)
  const answers = await Promise.all([
    redis.rpush(key, large, ''),
    redis.ping(),
    redis.time(),
    redis.lrange(key, 0, -1),
    redis.eval('return {1, {2, "three", {}}, false}', 0),
  ])

  expect(answers.filter((_, at) => at !== 2)).toEqual([2, 'PONG', [large, ''], [1, [2, 'three', []], null]])
  expect(proxy.steps).toEqual([
    { number: 1, command: `RPUSH ${key}` },
    { number: 2, command: `LRANGE ${key}` },
    { number: 3, command: 'EVAL return ' },
  ])
})

it.each<[Fault, string[], string[]]>([
  ['cut-before', ['1'], []],
  ['cut-after', ['1', '2'], []],
  ['kill-before', ['1'], ['killed']],
  ['kill-after', ['1', '2'], ['killed']],
])('%s: the commands before it come through with their answers, its own is lost', async (fault, stored, deeds) => {
  await using bench = await open()
  const { proxy, redis, direct, key } = bench
  const done: string[] = []
  proxy.hands = {
    kill: async () => void done.push('killed'),
    freeze: async () => void done.push('frozen'),
  }
  proxy.arm({ fault, step: 2 })

  const sent = await Promise.allSettled(['1', '2', '3'].map((value) => redis.rpush(key, value)))
  await proxy.disarm()

  expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
  expect(await direct.lrange(key, 0, -1)).toEqual(stored)
  expect([proxy.struck?.number, done]).toEqual([2, deeds])
  // The next connection is not broken.
  await once(redis, 'ready')
  expect(await redis.llen(key)).toBe(stored.length)
})

it.each<[Fault, string[]]>([
  ['freeze-before', ['1']],
  ['freeze-after', ['1', '2']],
])('%s: the command has come through, or not, while the process is frozen', async (fault, meanwhile) => {
  await using bench = await open()
  const { proxy, redis, direct, key } = bench
  let seen: string[] = []
  proxy.hands = {
    kill: async () => undefined,
    freeze: async (then) => {
      then()
      while (seen.length < meanwhile.length) seen = await direct.lrange(key, 0, -1)
    },
  }
  proxy.arm({ fault, step: 2 })

  const sent = await Promise.all(['1', '2', '3'].map((value) => redis.rpush(key, value)))

  expect([sent, seen]).toEqual([[1, 2, 3], meanwhile])
})
