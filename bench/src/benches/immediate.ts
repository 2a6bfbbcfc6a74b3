import type { Bench } from '../lab/bench.js'
import { Client, executeAction } from '../lab/client.js'
import type { Lab } from '../lab/lab.js'
import { percentile } from '../lab/numbers.js'
import { oneAfterTheOther, sideBySide } from '../lab/pace.js'
import { inTurn, medianOf } from '../lab/rounds.js'

const CALLERS = 50
const PAUSE_MS = 5
const HTTP_ALONE =
  'HTTP alone: the same request, answered by a Koa handler that does nothing; the baseline does without'

export const immediate: Bench = {
  name: 'immediate',
  about: 'execute_action with a handler that does nothing, answered over HTTP: one at a time, and 50 at once',
  run: async (lab) => {
    const { ours, baseline, bareHttp } = await open(lab)
    const [serial, parallel] = [lab.items(300), lab.items(2_000)]
    const measured = await inTurn(lab.rounds(5), {
      ours: async () => {
        const took = await oneAfterTheOther(serial, 0, ours)
        const perSecond = await sideBySide(parallel, CALLERS, ours)
        return { ...latencies(took), 'at 50, requests/s': perSecond }
      },
      waitUntilFinished: async () => {
        const took = await baseline.call<number[]>('oneAfterTheOther', serial, 0)
        const perSecond = await baseline.call<number>('sideBySide', parallel, CALLERS)
        return { ...latencies(took), 'at 50, requests/s': perSecond }
      },
      'HTTP alone': async () => latencies(await oneAfterTheOther(serial, 0, bareHttp)),
    })
    const ratio = (what: string): number =>
      medianOf(measured, `ours: ${what}`) / medianOf(measured, `waitUntilFinished: ${what}`)
    return {
      measured,
      unit: 'ms',
      goals: [
        { what: 'p50, ours ÷ waitUntilFinished', value: ratio('p50'), unit: '×', atMost: 1.25 },
        {
          what: 'requests/s at 50 callers, ours ÷ waitUntilFinished',
          value: ratio('at 50, requests/s'),
          unit: '×',
          atLeast: 1,
        },
      ],
      notes: ['the baseline has no HTTP: Queue.add and waitUntilFinished, with its worker, in one process', HTTP_ALONE],
    }
  },
}

export const immediateIdle: Bench = {
  name: 'immediate-idle',
  about: 'the same, one at a time with a pause of 5 ms in between',
  run: async (lab) => {
    const { ours, baseline, bareHttp } = await open(lab)
    const count = lab.items(200, 50)
    const measured = await inTurn(lab.rounds(5), {
      ours: async () => latencies(await oneAfterTheOther(count, PAUSE_MS, ours)),
      waitUntilFinished: async () => latencies(await baseline.call<number[]>('oneAfterTheOther', count, PAUSE_MS)),
      'HTTP alone': async () => latencies(await oneAfterTheOther(count, PAUSE_MS, bareHttp)),
    })
    const value = medianOf(measured, 'ours: p50') / medianOf(measured, 'waitUntilFinished: p50')
    return {
      measured,
      unit: 'ms',
      goals: [{ what: 'p50, ours ÷ waitUntilFinished', value, unit: '×', atMost: 1.25 }],
      notes: [HTTP_ALONE],
    }
  },
}

async function open(lab: Lab) {
  const installation = await lab.installation()
  const baseline = lab.peer('wait-until-finished')
  await baseline.call('open', lab.redis.url, 'baseline', CALLERS)
  const body = executeAction({ name: 'ping' })
  const ours = async (): Promise<void> => {
    const { status, text } = await installation.client.message(body)
    if (status !== 201) throw new Error(`expected 201, received ${status}: ${text}`)
  }
  const port = await lab.peer('koa-list').call<number>('listen', [])
  const bare = new Client(`http://127.0.0.1:${port}`, 'none')
  lab.onEnd(() => bare.close())
  return { ours, baseline, bareHttp: () => bare.message(body) }
}

function latencies(took: readonly number[]): { p50: number; p99: number } {
  return { p50: percentile(took, 50), p99: percentile(took, 99) }
}
