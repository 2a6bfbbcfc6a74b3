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
]
