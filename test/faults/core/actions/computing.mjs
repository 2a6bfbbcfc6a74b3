// Handlers that take their process with them, in one way or another.
import { defineAction, field, records } from 'flexaction'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { compute, note } from './lib/note.mjs'

const target = records('users', { batchSize: 50 })

/** Whether another process has begun this record before. @param {any} ctx @param {unknown} id */
function isFirstCall(ctx, id) {
  const lines = readFileSync(String(process.env['CALLS_LOG']), 'utf8').trim().split('\n')
  const calls = lines.map((line) => JSON.parse(line)).filter(({ run, ids }) => run === ctx.run.id && ids[0] === id)
  return calls.length === 1
}

export default [
  /** Never returns from the record 'spin', and never lets anybody else run in its process. */
  defineAction({
    name: 'spins',
    target,
    timeout: '3s',
    limits: { perWorker: 5 },
    run: async ({ id, ctx }) => {
      note('begin', ctx, [id])
      if (id === 'spin') compute(Infinity)
      await pause(20)
      note('end', ctx, [id])
    },
  }),
  /** Computes for `ms` without a pause. */
  defineAction({
    name: 'computes',
    target,
    params: { ms: field.integer() },
    run: ({ id, params: { ms }, ctx }) => {
      note('begin', ctx, [id])
      compute(ms)
      note('end', ctx, [id])
    },
  }),
  /** Ends its process when it meets the record 'poison'. */
  defineAction({
    name: 'deadly',
    target,
    limits: { perWorker: 50 },
    run: async ({ id, ctx }) => {
      note('begin', ctx, [id])
      if (id === 'poison') process.exit(7)
      await pause(200)
      note('end', ctx, [id])
    },
  }),
  defineAction({
    name: 'deadly_bulk',
    target: records('users', { bulk: true, batchSize: 50 }),
    run: async ({ ids, ctx }) => {
      note('begin', ctx, ids)
      if (ids.includes('poison')) process.exit(7)
      await pause(50)
      note('end', ctx, ids)
    },
  }),
  /** Ends its process at first; when it is called alone, it never returns. */
  defineAction({
    name: 'deadly_then_spins',
    target,
    run: ({ ctx }) => {
      note('begin', ctx, [1])
      const lines = readFileSync(String(process.env['CALLS_LOG']), 'utf8').split('\n')
      if (lines.filter((line) => line.includes(ctx.run.id)).length <= 2) process.exit(7)
      compute(Infinity)
    },
  }),
  /** The first call of the record 'stuck' never ends, whatever it is told; others do. */
  defineAction({
    name: 'sticks_once',
    target,
    limits: { perWorker: 1 },
    run: async ({ id, ctx }) => {
      note('begin', ctx, [id])
      if (id === 'stuck' && isFirstCall(ctx, id)) await new Promise((resolve) => setTimeout(resolve, 2 ** 31 - 1))
      note('end', ctx, [id])
    },
  }),
]
