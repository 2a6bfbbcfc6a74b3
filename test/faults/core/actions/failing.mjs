// Handlers that fail at first, and one that only some workers have.
import { defineAction, records } from 'flexaction'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { note } from './lib/note.mjs'

const target = records('users')

/** How often this run's handler has begun. @param {any} ctx */
const callsSoFar = (ctx) =>
  readFileSync(String(process.env['CALLS_LOG']), 'utf8')
    .split('\n')
    .filter((line) => line.includes(ctx.run.id) && line.includes('"begin"')).length

export default [
  /** The first call fails, whoever makes it. */
  defineAction({
    name: 'fails_once',
    target,
    run: ({ id, ctx }) => {
      note('begin', ctx, [id])
      if (callsSoFar(ctx) === 1) throw new Error('the first call fails')
    },
  }),
  /** Fails at its first attempt, and is called again after 2 s. */
  defineAction({
    name: 'pauses',
    target: records('users', { batchSize: 1 }),
    retry: { attempts: 2, backoff: { type: 'fixed', delay: '2s' } },
    run: ({ id, ctx }) => {
      note('begin', ctx, [id])
      if (ctx.attempt === 1) throw new Error('the first attempt fails')
    },
  }),
  defineAction({
    name: 'soon',
    target,
    startWithin: '5m',
    run: ({ id, ctx }) => note('begin', ctx, [id]),
  }),
  defineAction({
    name: 'steady',
    target,
    timeout: '5m',
    run: async ({ id, ctx }) => {
      note('begin', ctx, [id])
      await pause(2_500, undefined, { signal: ctx.signal })
      note('end', ctx, [id])
    },
  }),
  ...(process.env['WITH_DOOMED']
    ? [
        defineAction({
          name: 'doomed',
          target,
          limits: { perWorker: 5 },
          run: async ({ id, ctx }) => {
            note('begin', ctx, [id])
            await pause(60_000)
          },
        }),
      ]
    : []),
]
