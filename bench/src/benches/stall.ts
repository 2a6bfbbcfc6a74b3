import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Bench } from '../lab/bench.js'
import { executeAction } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import { inTurn, medianOf } from '../lab/rounds.js'

export const stall: Bench = {
  name: 'stall',
  about: 'longest block of the gateway’s event loop while it accepts 100,000 and 1,000,000 ids',
  run: async (lab) => {
    const file = join(lab.dir, 'stall')
    const ours = await lab.installation({
      nodeArgs: { gateway: ['--import', fileURLToPath(new URL('../lab/stall-watch.js', import.meta.url))] },
      env: { STALL_FILE: file },
    })
    for (const worker of ours.workers) await worker.stop()
    const longestBlock = async (): Promise<number> => {
      rmSync(file, { force: true })
      ours.gateway.signal('SIGUSR2')
      while (!existsSync(file) || readFileSync(file, 'utf8') === '') await pause(5)
      return Number(readFileSync(file, 'utf8'))
    }
    const accepting = (count: number) => {
      const body = executeAction({ name: 'nothing', model: 'users', ids: idsUpTo(count) })
      return async () => {
        await longestBlock()
        await ours.client.beginWith(body)
        const ms = await longestBlock()
        await lab.redis.forgetRuns()
        return ms
      }
    }
    const measured = await inTurn(lab.rounds(9), {
      '100,000': accepting(lab.items(100_000)),
      '1,000,000': accepting(lab.items(1_000_000)),
    })
    return {
      measured,
      unit: 'ms',
      goals: [
        { what: '100,000 ids', value: medianOf(measured, '100,000'), unit: 'ms', atMost: 15 },
        { what: '1,000,000 ids', value: medianOf(measured, '1,000,000'), unit: 'ms', atMost: 50 },
      ],
      notes: ['JSON.parse of 1,000,000 ids alone holds the loop for about 20 ms'],
    }
  },
}
