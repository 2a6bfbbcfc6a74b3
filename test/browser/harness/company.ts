import { ActionError, collection, common, defineAction, defineCollection, field, records } from '@flexaction/shared'
import { range } from '../../harness/range.js'
import { withResolvers } from '../../harness/with-resolvers.js'

export const MANY_USERS = 250

const users = defineCollection({
  name: 'users',
  list: ({ cursor = '1', limit, search = '' }) => {
    const found = range(Number(cursor), MANY_USERS).filter((id) => `user number ${id}`.includes(search.toLowerCase()))
    const page = found.slice(0, limit)
    const next = found.length > limit ? String((page.at(-1) ?? 0) + 1) : undefined
    return { records: page.map((id) => ({ id, label: `User number ${id}` })), next }
  },
})

/** What the handlers of a {@link company} are given, and what tests steer them with. */
export interface Company {
  /** Forms that `every_field` was called with. */
  forms: unknown[]
  /** Users that `greet` fails for. */
  rude: Set<number>
  /** Handlers of `visit` wait for it. */
  gate: ReturnType<typeof withResolvers<void>>
  actions: ReturnType<typeof defineAction>[]
  collections: (typeof users)[]
}

/** Actions of every kind, for a browser to run. */
export function company(): Company {
  const forms: unknown[] = []
  const rude = new Set<number>()
  const gate = withResolvers()
  const actions = [
    defineAction({
      name: 'every_field',
      target: common(),
      verboseName: 'Every field',
      extra: { description: 'Has a field of each type, and answers with what it was given.' },
      params: {
        yes: field.boolean({ required: false }),
        line: field.char({ description: 'One line of text' }),
        text: field.text(),
        title: field.translatable({ languages: ['en', 'de'] }),
        color: field.select({
          options: [
            { value: 1, name: 'Red' },
            { value: 2, name: 'Blue' },
          ],
        }),
        city: field.select({
          options: ({ form, search = '' }) =>
            ['Graz', 'Linz']
              .filter((name) => name.includes(search))
              .map((name) => ({ value: name, name: `${name} ${String(form.line)}` })),
        }),
        boss: field.foreignKey({ model: 'users' }),
        at: field.dateTime(),
        stamp: field.timestamp(),
        day: field.date(),
        time: field.time(),
        json: field.json(),
        query: field.sql(),
        code: field.code(),
        whole: field.integer({ min: 1, max: 99 }),
        real: field.float(),
        exact: field.decimal({ decimalPlaces: 20, maxDigits: 40 }),
      },
      run: ({ params }) => {
        if (params.line === 'refuse me') throw new ActionError({ line: 'is refused' })
        forms.push(params)
        return { received: params.exact }
      },
    }),
    defineAction({
      name: 'greet',
      target: records('users'),
      params: { word: field.char({ default: 'Hello' }) },
      run: ({ id, params, ctx }) => {
        ctx.log(`greeting ${id}`)
        if (rude.has(Number(id))) throw new ActionError('turned away')
        return { said: `${params.word} ${id}` }
      },
    }),
    defineAction({
      name: 'visit',
      target: records('users', { batchSize: 1 }),
      limits: { perWorker: 2 },
      run: async ({ ctx }) => {
        await Promise.race([
          gate.promise,
          new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(new Error('told to stop')))),
        ])
      },
    }),
    defineAction({ name: 'recount', target: collection('users'), run: () => ({ counted: MANY_USERS }) }),
  ]
  return { forms, rude, gate, actions, collections: [users] }
}
