import {
  ActionError,
  collection,
  common,
  defineAction,
  defineCollection,
  defineMessage,
  field,
  type HandlerContext,
  records,
  result,
} from '@flexaction/shared'

/** Never ends by itself. */
function untilAborted({ signal }: Pick<HandlerContext, 'signal'>): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
}

const asRequired = { required: true } as const
const everyType = <Required extends boolean>(options: { required: Required }) => ({
  boolean: field.boolean(options),
  char: field.char({ ...options, maxLength: 5 }),
  text: field.text(options),
  translatable: field.translatable(options),
  select: field.select({
    ...options,
    options: [
      { value: 1, name: 'One' },
      { value: 'b', name: 'B' },
    ],
  }),
  key: field.foreignKey({ ...options, model: 'users' }),
  dateTime: field.dateTime(options),
  timestamp: field.timestamp(options),
  date: field.date(options),
  time: field.time(options),
  json: field.json(options),
  sql: field.sql(options),
  code: field.code(options),
  integer: field.integer({ ...options, min: 0, max: 10 }),
  float: field.float(options),
  decimal: field.decimal({ ...options, decimalPlaces: 2 }),
})

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
    params: everyType({ required: false }),
    run: ({ params }) => params,
  }),
  defineAction({
    name: 'sixteen_required',
    target: common(),
    params: everyType(asRequired),
    run: ({ params }) => params,
  }),
  defineAction({
    name: 'special',
    target: common(),
    params: {
      size: field.integer({
        default: 5,
        min: 1,
        max: 9,
        verboseName: 'Size',
        description: 'In metres',
        extra: { hint: 'm' },
      }),
      local: field.dateTime({ required: false, timeZone: 'Europe/Vienna' }),
      day: field.date({ required: false, timeZone: 'Europe/Vienna' }),
      ms: field.timestamp({ required: false, unit: 'ms' }),
      title: field.translatable({ required: false, languages: ['en', 'de'] }),
      share: field.float({ required: false, min: 0, max: 1 }),
      price: field.decimal({ required: false, maxDigits: 5, decimalPlaces: 2, min: '0.01', max: 100 }),
    },
    verboseName: 'Something special',
    icon: 'star',
    extra: { group: 'rare' },
    unknownParams: 'ignore',
    run: ({ params }) => params,
  }),
  defineAction({ name: 'sweep', target: records('users'), run: ({ id }) => ({ id }) }),
  defineAction({ name: 'sweep', target: collection('users'), run: () => ({ of: 'collection' }) }),
  defineAction({ name: 'sweep', target: collection('teams'), run: () => ({ of: 'teams' }) }),
  defineAction({ name: 'sweep', target: common(), run: () => ({ of: 'common' }) }),
  defineAction({
    name: 'lenient',
    target: records('users'),
    params: { user_ids: field.json({ required: false }), note: field.char({ required: false }) },
    unknownParams: 'ignore',
    run: ({ id, params }) => ({ id, params }),
  }),
  defineAction({
    name: 'wanted',
    target: common(),
    params: {
      title: field.char({ minLength: 3 }),
      note: field.text(),
      code: field.code(),
      free: field.char({ blank: true }),
    },
    run: ({ params }) => params,
  }),
  defineAction({ name: 'greet_people', target: records('people', { bulk: true }), run: ({ ids }) => ({ ids }) }),
  defineAction({
    name: 'choose',
    target: common(),
    params: {
      city: field.select({
        options: async ({ form, search, user, signal }) => {
          if (form.country === 'slow') return untilAborted({ signal })
          if (form.country === 'broken') throw new Error('secret detail')
          if (form.country === 'nowhere') throw new ActionError({ country: 'is not on the map' })
          return [{ value: 1, name: `${String(form.country)} ${search ?? 'any'} ${user.name}`, color: '#ff0000' }]
        },
      }),
      person: field.foreignKey({ model: 'people', required: false }),
    },
    run: ({ params }) => params,
  }),
  defineAction({
    name: 'deliver',
    target: common(),
    params: {
      country: field.select({
        options: [
          { value: 'at', name: 'Austria' },
          { value: 'de', name: 'Germany' },
          { value: 'va', name: 'Vatican City' },
        ],
      }),
      city: field.select({
        required: false,
        options: ({ form }) => {
          if (form.country === 'va') return []
          const names = form.country === 'at' ? ['Vienna', 'Graz'] : ['Berlin']
          return names.map((name, at) => ({ value: name === 'Graz' ? at : name, name }))
        },
      }),
      street: field.select({ required: false, anyValue: true, options: () => [] }),
    },
    run: ({ params }) => params,
  }),
  defineAction({
    name: 'endless',
    target: records('users'),
    respond: { waitFor: '200ms' },
    run: ({ ctx }) => untilAborted(ctx),
  }),
  defineAction({
    name: 'give',
    target: records('users'),
    run: ({ id }) => {
      if (id === 'message') return result.message('All done')
      if (id === 'redirect') return result.redirect('https://example.com/5')
      if (id === 'refresh') return result.refresh(['users'])
      return result.file({ name: 'report.csv', type: 'text/csv', content: 'a,b' })
    },
  }),
]

/** A collection that a worker can list. */
export const contractCollections = [
  defineCollection({
    name: 'people',
    list: ({ search = '' }) => ({
      records: [
        { id: 1, label: 'Ada' },
        { id: 2, label: 'Ben' },
        { id: '3', label: 'Cleo' },
      ].filter(({ label }) => label.includes(search)),
    }),
  }),
]

/** Messages of the company's own. */
export const contractMessages = [
  defineMessage({ name: 'ping', handle: (params, ctx) => ({ params, by: ctx.user.name }) }),
  defineMessage({ name: 'touch', handle: () => undefined }),
  defineMessage({ name: 'nothing', handle: () => null }),
  defineMessage({ name: 'slowly', respond: 'queued', handle: () => undefined }),
  defineMessage({
    name: 'refuse',
    handle: ({ why }) => {
      throw why === 'field' ? new ActionError({ amount: 'is too high' }) : new ActionError('not today')
    },
  }),
  defineMessage({
    name: 'break',
    handle: () => {
      throw new Error('secret detail')
    },
  }),
]
