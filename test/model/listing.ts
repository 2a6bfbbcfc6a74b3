import fc from 'fast-check'
import { expect } from 'vitest'
import type { World } from './real.js'
import type { RunModel } from './run-model.js'
import { checkAnswer, exists, idOf, step, window } from './step.js'

export const list = step(
  'list',
  fc.constant(0),
  exists,
  async (_, world, real) => {
    const run = world.run as RunModel
    const token = `worker-${real.nextNumber()}`
    const started = await real.listing.start(real.id, token, 'users')
    expect(started !== undefined).toBe(run.listing !== undefined)
    if (!started || !run.listing) return
    run.listing.token = token
    const { pages, rest, restCounted } = run.listing
    expect([started.pages, started.rest, started.restCounted]).toEqual([pages, rest, restCounted])
    world.listings.push(started)
  },
  ({ run }) => run?.listing !== undefined,
)

export const page = step(
  'page',
  fc.record({
    which: fc.nat(9),
    records: fc.nat(25),
    then: fc.constantFrom('more', 'more', 'done', 'failed'),
    window,
    repeat: fc.boolean(),
  }),
  ({ listings }) => listings.length > 0,
  async ({ which, records, then, window: most, repeat }, world, real) => {
    const run = world.run as RunModel
    // Mostly the last one, which is the one that counts.
    const listing = world.listings.at(-1 - (which > 6 ? which % world.listings.length : 0)) as World['listings'][number]
    const first = real.nextNumber() % 50
    const listed = Array.from({ length: records }, (_, at) => idOf(first + at))
    const wanted = await real.listing.withoutExcluded(real.id, listed)
    expect(wanted).toEqual(listed.filter((id) => !real.excluded.has(String(id))))
    const ids = then === 'failed' ? listing.rest : [...listing.rest, ...wanted]
    const size = real.request.run.chunkSize
    const full = then === 'more' ? ids.length - (ids.length % size) : ids.length
    const chunks = Array.from({ length: Math.ceil(full / size) }, (_, at) =>
      ids.slice(at * size, Math.min(full, (at + 1) * size)),
    )
    const rest = ids.slice(full)
    const failed = { failed: { message: 'not listed', kind: 'refused' as const } }
    const content = {
      chunks,
      rest,
      cursor: String(first),
      then: then === 'failed' ? failed : (then as 'more' | 'done'),
      window: most,
    }
    for (let time = 0; time < (repeat ? 2 : 1); time++) {
      const reply = await real.listing.add(listing, content)
      const answer = run.list(
        listing.token,
        listing.pages,
        ids.slice(0, full),
        rest,
        then as 'more' | 'done' | 'failed',
        most,
      )
      checkAnswer(reply, answer, run)
      // What is sent again has the same number.
      if (repeat && time === 0) listing.pages--
    }
    listing.rest = rest
    if (chunks.length > 0) listing.restCounted = 0
  },
)

export const resumeListing = step(
  'resumeListing',
  fc.constant(0),
  exists,
  async (_, world, real) => {
    const run = world.run as RunModel
    const reply = await real.steering.resumeListing(real.run(run))
    const possible = run.listingFailed && (run.state === 'failed' || run.state === 'completed_with_failures')
    expect(reply?.status).toBe(possible ? 'done' : 'refused')
    if (possible) run.resumeListing(real.request.run.chunkSize)
  },
  ({ run }) => run?.ended === true && run.listingFailed,
)
