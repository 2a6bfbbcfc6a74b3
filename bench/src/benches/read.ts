import type { Bench } from '../lab/bench.js'
import { executeAction } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import { percentile } from '../lab/numbers.js'
import { oneAfterTheOther, sideBySide } from '../lab/pace.js'
import { medianOf } from '../lab/rounds.js'

const PAGE = 100
const SIZES = [10_000, 100_000, 1_000_000]

export const read: Bench = {
  name: 'read',
  about: 'a page of 100 items from a run of 1,000,000; a page of a list of 10,000 runs',
  run: async (lab) => {
    const ours = await lab.installation()
    const { client } = ours
    const sizes = SIZES.map((size) => lab.items(size, 1_000))
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
    const pages = async (run: number): Promise<number[]> =>
      oneAfterTheOther(reads, 0, () => {
        const from = Math.floor(Math.random() * ((sizes[run] ?? 0) - PAGE))
        return get(`/api/runs/${runs[run]}/items?limit=${PAGE}&cursor=${from}`)
      })
    const measured: Record<string, number[]> = {}
    const note = (what: string, took: readonly number[]): void => {
      for (const percent of [50, 99]) measured[`${what}: p${percent}`] = [percentile(took, percent)]
    }
    await pages(0)
    for (const [run, size] of SIZES.entries()) note(itemsOf(size), await pages(run))
    note('list of 10,000 runs', await oneAfterTheOther(reads, 0, () => get('/api/runs?limit=50')))
    const p50 = (size: number): number => medianOf(measured, `${itemsOf(size)}: p50`)
    return {
      measured,
      unit: 'ms',
      goals: [
        {
          what: 'page of items, run of 1,000,000, p99',
          value: medianOf(measured, `${itemsOf(1_000_000)}: p99`),
          unit: 'ms',
          atMost: 20,
        },
        {
          what: 'page of a list of 10,000 runs, p99',
          value: medianOf(measured, 'list of 10,000 runs: p99'),
          unit: 'ms',
          atMost: 20,
        },
        {
          what: 'p50 of a page, run of 1,000,000 ÷ run of 100,000',
          value: p50(1_000_000) / p50(100_000),
          unit: '×',
          atMost: 1.5,
        },
      ],
      notes: [
        `${reads} reads of each, at random places`,
        'a page is read from whole batches: of 500 items from 100,000 items on, of 50 in a run of 10,000',
      ],
    }
  },
}

function itemsOf(size: number): string {
  return `items, run of ${size.toLocaleString('en-US')}`
}
