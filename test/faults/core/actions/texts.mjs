// Handlers whose texts and results are long.
import { defineAction, field, records } from 'flexaction'
import { note } from './lib/note.mjs'

const target = records('users')
const size = { size: field.integer({ required: false, default: 0 }) }

export default [
  /** Fails with a message of `size` characters. */
  defineAction({
    name: 'long_error',
    target,
    params: { ...size, letter: field.char({ required: false, default: 'x' }) },
    run: ({ params: { size, letter } }) => {
      throw new Error(String(letter).repeat(size))
    },
  }),
  /** Each record's result is a text of `size` characters. */
  defineAction({
    name: 'long_results',
    target: records('users', { bulk: true, batchSize: 10_000 }),
    params: size,
    run: ({ ids, params: { size }, ctx }) => {
      note('begin', ctx, ids.slice(0, 1))
      for (const id of ids) ctx.succeed(id, 'r'.repeat(size))
    },
  }),
  /** Writes 200,000 lines to its log. */
  defineAction({
    name: 'talkative',
    target,
    run: ({ ctx }) => {
      for (let line = 1; line <= 200_000; line++)
        ctx.log(`line ${line} of a handler that has very much to say about it`)
    },
  }),
  /** One batch per record. */
  defineAction({ name: 'one_by_one', target: records('users', { batchSize: 1 }), run: () => undefined }),
]
