import type { Bench } from '../lab/bench.js'
import { load } from '../lab/load.js'
import { inTurn, medianOf } from '../lab/rounds.js'

const ACTIONS = 50
const CALLERS = 32
const LIST = JSON.stringify({ name: 'get_action_list' })

export const list: Bench = {
  name: 'list',
  about: 'get_action_list with 50 actions, kept connections, 32 callers',
  run: async (lab) => {
    const ours = await lab.installation({ env: { OTHER_ACTIONS: String(ACTIONS - 4) } })
    const { client } = ours
    const { text } = await client.message(LIST)
    const entries = JSON.parse(text) as unknown[]
    if (entries.length !== ACTIONS) throw new Error(`${entries.length} actions are listed, not ${ACTIONS}`)
    const koa = lab.peer('koa-list')
    const port = await koa.call<number>('listen', entries)
    const requests = lab.items(40_000, 500)
    const ask = (origin: string) => async () => {
      const url = `${origin}/api/messages/`
      const { perSecond } = await load({
        url,
        body: LIST,
        token: client.token,
        callers: CALLERS,
        requests,
        status: 200,
      })
      return perSecond
    }
    const measured = await inTurn(lab.rounds(5), {
      ours: ask(client.origin),
      'bare Koa handler': ask(`http://127.0.0.1:${port}`),
    })
    const value = medianOf(measured, 'ours') / medianOf(measured, 'bare Koa handler')
    return {
      measured,
      unit: 'requests/s',
      goals: [{ what: 'ours ÷ bare Koa handler', value, unit: '×', atLeast: 0.8 }],
      notes: [`${text.length} bytes; the baseline reads no body, checks no token and writes no log`],
    }
  },
}
