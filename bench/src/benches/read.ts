import type { Bench } from '../lab/bench.js'
import { executeAction } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import { percentile } from '../lab/numbers.js'
import { oneAfterTheOther, sideBySide } from '../lab/pace.js'

const PAGE = 100

export const read: Bench = {
  name: 'read',
  about: 'a page of 100 items from a run of 1,000,000; a page of a list of 10,000 runs',
  run: async (lab) => {
    const ours = await lab.installation()
    const { client } = ours
    const sizes = [lab.items(10_000), lab.items(1_000_000, 1_000)]
    const runs: string[] = []
    for (const size of sizes) {
      const body = executeAction({ name: 'nothing', model: 'users', ids: idsUpTo(size) })
      runs.push((await client.runToEnd(body)).id)
    }
    await sideBySide(lab.items(10_000), 50, () => client.message(executeAction({ name: 'ping' })))

    const reads = lab.items(1_000, 50)
    const get = async (path: string): Promise<void> => {
      const { status, text } = await client.get(path)
      if (status !== 200) throw new Error(`${path}: ${status} ${text}`)
    }
    const pages = async (run = 0): Promise<number[]> =>
      oneAfterTheOther(reads, 0, () => {
        const from = Math.floor(Math.random() * ((sizes[run] ?? 0) - PAGE))
        return get(`/api/runs/${runs[run]}/items?limit=${PAGE}&cursor=${from}`)
      })
    await pages()
    const [small, large] = [await pages(0), await pages(1)]
    const list = await oneAfterTheOther(reads, 0, () => get('/api/runs?limit=50'))
    const [p99Small, p99Large, p99List] = [small, large, list].map((took) => percentile(took, 99)) as [
      number,
      number,
      number,
    ]
    return {
      measured: {
        'items, run of 10,000: p50': [percentile(small, 50)],
        'items, run of 10,000: p99': [p99Small],
        'items, run of 1,000,000: p50': [percentile(large, 50)],
        'items, run of 1,000,000: p99': [p99Large],
        'list of 10,000 runs: p50': [percentile(list, 50)],
        'list of 10,000 runs: p99': [p99List],
      },
      unit: 'ms',
      goals: [
        { what: 'page of items, run of 1,000,000, p99', value: p99Large, unit: 'ms', atMost: 20 },
        { what: 'page of a list of 10,000 runs, p99', value: p99List, unit: 'ms', atMost: 20 },
        {
          what: 'p50 of a page, run of 1,000,000 ÷ run of 10,000',
          value: percentile(large, 50) / percentile(small, 50),
          unit: '×',
          atMost: 1.5,
        },
      ],
      notes: [`${reads} reads of each, at random places`],
    }
  },
}
