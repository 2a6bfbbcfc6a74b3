import { ActionError, collection, common, defineAction, field, records } from '@flexaction/shared'

/** Actions that answer in every way that PROTOCOL.md knows. */
export const contractActions = [
  defineAction({
    name: 'mail_users',
    target: records('users', { bulk: true }),
    params: { subject: field.char(), body: field.text({ required: false }) },
    run: ({ ids, params }) => ({ ids, params }),
  }),
  defineAction({ name: 'refresh_users_status', target: collection('users'), run: () => ({ of: 'collection' }) }),
  defineAction({ name: 'refresh_users_status', target: common(), run: () => ({ of: 'common' }) }),
  defineAction({
    name: 'account_transfer',
    target: collection(['projects;income', 'projects;outcome']),
    params: { amount: field.decimal() },
    run: ({ params, ctx }) => ({ amount: params.amount, model: ctx.run.model ?? null }),
  }),
  defineAction({ name: 'echo', target: records('users'), run: ({ id }) => ({ id }) }),
  defineAction({ name: 'tag', target: records(['users', 'teams']), run: () => undefined }),
  defineAction({
    name: 'fussy',
    target: records('users'),
    run: ({ id }) => {
      if (id === 1) throw new ActionError('the account is closed')
      if (id === 2) throw new ActionError({ subject: 'is too long' })
      if (id === 3) throw new Error('secret detail')
    },
  }),
  defineAction({ name: 'later', target: common(), respond: 'queued', run: () => undefined }),
  defineAction({ name: 'exotic', target: common(), run: () => ({ at: new Date(0), big: 10n, nan: Number.NaN }) }),
  defineAction({ name: 'admins_only', target: common(), permission: 'admin', run: () => undefined }),
  defineAction({ name: 'sync', target: collection('users'), run: () => ({ of: 'users' }) }),
  defineAction({ name: 'sync', target: collection('teams'), run: () => ({ of: 'teams' }) }),
  defineAction({ name: 'nil', target: common(), run: () => null }),
  defineAction({
    name: 'nested',
    target: common(),
    run: () => ({ rows: [{ at: new Date(1), big: 9007199254740993n }], infinite: Number.POSITIVE_INFINITY }),
  }),
  defineAction({
    name: 'refuse_all',
    target: records('users', { bulk: true }),
    run: () => {
      throw new ActionError('closed on Sundays')
    },
  }),
  defineAction({
    name: 'paint',
    target: records('users'),
    params: {
      colour: field.select({
        options: [
          { value: 'r', name: 'Red', color: '#ff0000' },
          { value: 'g', name: 'Green' },
        ],
      }),
    },
    run: () => undefined,
  }),
  defineAction({
    name: 'sixteen',
    target: common(),
    params: {
      boolean: field.boolean({ required: false }),
      char: field.char({ required: false, maxLength: 5 }),
      text: field.text({ required: false }),
      translatable: field.translatable({ required: false }),
      select: field.select({
        required: false,
        options: [
          { value: 1, name: 'One' },
          { value: 'b', name: 'B' },
        ],
      }),
      key: field.foreignKey({ required: false, model: 'users' }),
      dateTime: field.dateTime({ required: false }),
      timestamp: field.timestamp({ required: false }),
      date: field.date({ required: false }),
      time: field.time({ required: false }),
      json: field.json({ required: false }),
      sql: field.sql({ required: false }),
      code: field.code({ required: false }),
      integer: field.integer({ required: false, min: 0, max: 10 }),
      float: field.float({ required: false }),
      decimal: field.decimal({ required: false, decimalPlaces: 2 }),
    },
    run: ({ params }) => params,
  }),
]
