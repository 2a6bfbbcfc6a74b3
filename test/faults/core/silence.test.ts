import { expect, it } from 'vitest'
import { setTimeout as pause } from 'node:timers/promises'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import { callsPerRecord } from '../harness/installation.js'
import { begin, beginEach, PATIENT, startCore } from './start.js'

it.each([900, 2_000])(
  'Redis silent for %i ms: all goes on within 3 s, and nothing is called twice',
  async (silentMs) => {
    await using installation = await startCore({ workers: 2, env: PATIENT })
    // 2.5 s for 40 slots: one large run, and forty small ones.
    const large = await begin(installation, { name: 'twenty', ids: range(1, 200), params: { ms: 250 } })
    const small = await beginEach(installation, 'twenty', range(1, 200), { ms: 250 })
    await until('work to be going on', async () => (await installation.calls()).length > 160)

    installation.proxy.mode = 'hang'
    await pause(silentMs)
    installation.proxy.mode = 'pass'
    const back = Date.now()
    const left = 400 - (await installation.calls()).filter(({ what }) => what === 'begin').length
    const ends = await Promise.all([large, ...small].map((run) => installation.runIn(['succeeded'], run, 40_000)))

    const needed = (left / 40) * 250
    const last = Math.max(...ends.map(({ finishedAt }) => Date.parse(finishedAt ?? '')))
    expect(last - back).toBeLessThan(1.2 * needed + 3_000)
    const calls = await installation.calls()
    const begins = calls.filter(({ what, at }) => what === 'begin' && at > back)
    // On a slow machine all may have begun before.
    if (left > 0) expect((begins[0]?.at ?? Infinity) - back).toBeLessThan(3_000)
    for (const run of [large, ...small]) {
      const times = [...callsPerRecord(calls.filter((call) => call.run === run)).values()]
      expect(Math.max(...times)).toBe(1)
    }
  },
)
