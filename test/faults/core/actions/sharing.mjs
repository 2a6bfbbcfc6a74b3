// Actions that take their time: for who is called where, and when.
import { defineAction, field, records } from 'flexaction'
import { setTimeout as pause } from 'node:timers/promises'
import { compute, note } from './lib/note.mjs'

const params = { ms: field.integer({ required: false, default: 0 }) }

/** @param {{ id: unknown, params: { ms: number }, ctx: any }} call */
const run = async ({ id, params: { ms }, ctx }) => {
  note('begin', ctx, [id])
  if (ms) await pause(ms)
  note('end', ctx, [id])
}

const target = records('users')

export default [
  defineAction({ name: 'five', target, params, limits: { perWorker: 5 }, run }),
  defineAction({ name: 'twenty', target, params, limits: { perWorker: 20 }, run }),
  defineAction({ name: 'single', target, params, limits: { perWorker: 1 }, run }),
  defineAction({ name: 'wide', target, params, limits: { perWorker: 1_000 }, run }),
  defineAction({ name: 'timely', target, params, limits: { perWorker: 1 }, startWithin: '3s', run }),
  defineAction({ name: 'paced', target, params, limits: { rate: { max: 100, per: '1s' } }, run }),
  defineAction({ name: 'noop', target, run: () => ({ done: true }) }),
  /** Keeps its worker's event loop busy for `ms`. */
  defineAction({
    name: 'compute',
    target,
    params,
    run: ({ id, params: { ms }, ctx }) => {
      note('begin', ctx, [id])
      compute(ms)
      note('end', ctx, [id])
    },
  }),
]
