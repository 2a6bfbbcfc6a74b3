import type { Bench } from '../lab/bench.js'
import { executeAction } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import { load } from '../lab/load.js'
import { pythonWith } from '../lab/python.js'
import { inTurn, medianOf, type Measured } from '../lab/rounds.js'
import { startTornadoPeer } from '../lab/tornado-peer.js'

const ACTIONS = 50
const CALLERS = 32
/** Callers of large requests: the peer takes half a second for each, and a caller gives up after 10 s. */
const FEW_CALLERS = 8
const LIST = JSON.stringify({ name: 'get_action_list' })

interface Request {
  body: string
  status: number
  callers: number
  requests: number
}

export const peer: Bench = {
  name: 'peer',
  about: 'the same messages answered inside of the request by a Tornado process, as Jet Bridge does',
  run: async (lab) => {
    const python = pythonWith('tornado.web')
    if (python === undefined)
      return { skipped: 'no Python with Tornado here (Debian: apt-get install python3-tornado)' }
    const { client } = await lab.installation({ env: { OTHER_ACTIONS: String(ACTIONS - 4) } })
    const { text } = await client.message(LIST)
    const tornado = await startTornadoPeer(lab, python, text)

    const one = (action: object, requests: number): Request => ({
      body: executeAction({ model: 'users', id: 1, ...action }),
      status: 201,
      callers: CALLERS,
      requests: lab.items(requests),
    })
    const many = (action: object, requests: number): Request => ({
      body: executeAction({ model: 'users', ids: idsUpTo(lab.items(1_000)), ...action }),
      status: 201,
      callers: FEW_CALLERS,
      requests: lab.items(requests, FEW_CALLERS),
    })
    const waiting = (ms: number): object => ({ name: 'wait', params: { ms } })
    const requests: Record<string, Request> = {
      list: { body: LIST, status: 200, callers: CALLERS, requests: lab.items(10_000, 500) },
      'one record of 5 ms': one(waiting(5), 2_000),
      '1,000 records of 1 ms': many(waiting(1), 16),
      'one record, nothing to do': one({ name: 'nothing' }, 2_000),
      '1,000 records, nothing to do': many({ name: 'nothing' }, 200),
    }

    let measured: Measured = {}
    for (const [name, request] of Object.entries(requests)) {
      const asking = (origin: string) => async () => {
        const { perSecond, p99 } = await load({ url: `${origin}/api/messages/`, token: client.token, ...request })
        await lab.redis.forgetRuns()
        return { 'requests/s': perSecond, 'p99, ms': p99 }
      }
      const sides = { [`ours, ${name}`]: asking(client.origin), [`Tornado, ${name}`]: asking(tornado.origin) }
      measured = { ...measured, ...(await inTurn(lab.rounds(5), sides)) }
    }
    const ratio = (what: string): number => medianOf(measured, `ours, ${what}`) / medianOf(measured, `Tornado, ${what}`)
    return {
      measured,
      unit: 'requests/s or ms',
      goals: [
        { what: 'list, requests/s, ours ÷ Tornado', value: ratio('list: requests/s'), unit: '×', atLeast: 4 },
        {
          what: 'one record of 5 ms, p99, ours ÷ Tornado',
          value: ratio('one record of 5 ms: p99, ms'),
          unit: '×',
          atMost: 0.5,
        },
        {
          what: '1,000 records of 1 ms, requests/s, ours ÷ Tornado',
          value: ratio('1,000 records of 1 ms: requests/s'),
          unit: '×',
          atLeast: 2,
        },
      ],
      notes: [
        `${CALLERS} callers, ${FEW_CALLERS} with 1,000 records; each answer tells the outcome; ours with one worker of 50 slots`,
        'the peer has as many threads as there are cores, as Jet Bridge has by default; it asks for no token and stores nothing',
        'with nothing to do, a call inside of the request cannot be beaten by a queue: each run is stored, queued and fetched',
      ],
      versions: tornado.versions,
    }
  },
}
