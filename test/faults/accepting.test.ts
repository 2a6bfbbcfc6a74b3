import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { withResolvers } from '../harness/with-resolvers.js'
import { Installation } from './harness/installation.js'
import { until } from '../harness/until.js'

/** Sizes from one job to many writes before the run itself. */
const SIZES = [1, 3, 90, 2_000, 40_000]

it('P1: a gateway that is killed at any moment of accepting leaves whole runs, or none', async () => {
  await using installation = await Installation.start({ gateways: 2, workers: 1, syncAlways: false })
  const [watching] = installation.gateways
  const accepted = new Map<string, number>()

  for (let round = 0; round < 8; round++) {
    const victim = installation.gateways.at(-1)
    const answered = withResolvers()
    // The moment is another one in each round: after so many answers.
    const enough = accepted.size + round
    const requests = Array.from({ length: 12 }, async (_, at) => {
      const size = SIZES[(round + at) % SIZES.length] ?? 1
      const answer = await installation.execute({ name: 'silent', ids: range(1, size) }, {}, victim)
      if (answer.status === 202) accepted.set(answer.headers.get('x-run-id') ?? '', size)
      if (accepted.size >= enough) answered.resolve()
    })
    const all = Promise.allSettled(requests)
    await Promise.race([answered.promise, all])
    await victim?.kill()
    await all
    await installation.addGateway()
  }

  expect(accepted.size).toBeGreaterThan(20)
  for (const [run, size] of accepted) {
    const ended = await installation.runIn(['succeeded'], run)
    expect([ended.total, ended.counts.succeeded]).toEqual([size, size])
  }
  // Runs whose request got no answer are whole as well, and end.
  const list = (await (await installation.get('/api/runs?limit=1000', watching)).json()) as { runs: { id: string }[] }
  for (const { id } of list.runs) {
    const { total } = await installation.runIn(['succeeded'], id)
    expect(SIZES).toContain(total)
    expect((await installation.items(id)).map((item) => item.id)).toEqual(range(1, total))
  }
})

it('P1: requests that are repeated with their Idempotency-Key after a crash make one run each', async () => {
  await using installation = await Installation.start({ gateways: 2, workers: 1, syncAlways: false })
  const runs = new Map<string, Set<string>>()
  const send = async (key: string, size: number): Promise<void> => {
    const params = { name: 'work', ids: range(1, size) }
    const answer = await installation.execute(params, { 'idempotency-key': key }, installation.gateways.at(-1))
    if (answer.status === 202 || answer.status === 201) {
      const known = runs.get(key) ?? new Set()
      runs.set(key, known.add(answer.headers.get('x-run-id') ?? ''))
    }
  }
  const keys = range(1, 20).map((n) => [`key-${n}`, n % 5 === 0 ? 20_000 : n] as const)

  const first = Promise.allSettled(keys.map(([key, size]) => send(key, size)))
  await until('some answers', () => runs.size > 3)
  await installation.gateways.at(-1)?.kill()
  await first
  await installation.addGateway()
  for (let again = 0; again < 2; again++) await Promise.all(keys.map(([key, size]) => send(key, size)))

  expect([...runs.values()].map(({ size }) => size)).toEqual(keys.map(() => 1))
  const list = (await (await installation.get('/api/runs?limit=1000')).json()) as { runs: unknown[] }
  expect(list.runs.length).toBe(keys.length)
})
