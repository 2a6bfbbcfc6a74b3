import { ActionError } from '@flexaction/shared'
import { beforeEach, describe, expect, test } from 'vitest'
import transfer from '../../../samples/dist/actions/account-transfer.js'
import { sampleDatabase } from '../../../samples/dist/lib/database.js'
import { call } from './call.js'
import { runTogether } from './processes.js'
import { useSampleFolder } from './sample-folder.js'

useSampleFolder()

const EUR_1 = 3
const EUR_2 = 6
const USD = 1
const payment = { account_from: EUR_1, amount_from: '25.50', account_to: EUR_2, amount_to: '25.50' }

beforeEach(() => {
  sampleDatabase().exec('UPDATE accounts SET balance_cents = 100000')
})

describe('account_transfer', () => {
  test('moves money and says what it moved', async () => {
    const { result } = call(transfer, { params: { ...payment, description: 'Rent', date: new Date('2026-01-02') } })
    expect(await result).toEqual({ result: true, transfer: 1, amount_from: '25.50', amount_to: '25.50' })
    expect(balances()).toMatchObject({ [EUR_1]: 97_450, [EUR_2]: 102_550 })
    expect(sampleDatabase().prepare('SELECT description, date FROM transfers').all()).toEqual([
      { description: 'Rent', date: '2026-01-02T00:00:00.000Z' },
    ])
  })

  test('is dated by its run when the form has no date', async () => {
    await call(transfer, { params: payment }).result
    expect(sampleDatabase().prepare('SELECT description, date FROM transfers').all()).toEqual([
      { description: null, date: '2026-03-04T05:06:07.890Z' },
    ])
  })

  test('takes different amounts between currencies', async () => {
    await call(transfer, { params: { ...payment, account_to: USD, amount_to: '27.93' } }).result
    expect(balances()).toMatchObject({ [EUR_1]: 97_450, [USD]: 102_793 })
  })

  test('counts in whole cents where floating point would not', async () => {
    sampleDatabase().exec(`UPDATE accounts SET balance_cents = 9007199254740993 WHERE id = ${EUR_1}`)
    const params = { ...payment, amount_from: '10000000000000.00', amount_to: '10000000000000' }
    await call(transfer, { params }).result
    await call(transfer, { params: { ...payment, amount_from: '0.07', amount_to: '0.070' } }).result
    const balance = sampleDatabase()
      .prepare('SELECT balance_cents FROM accounts WHERE id = ?')
      .safeIntegers()
      .get(EUR_1)
    expect(balance).toMatchObject({ balance_cents: 8_007_199_254_740_986n })
  })

  test('moves the money once when two processes run the same job', { timeout: 30_000 }, async () => {
    const input = { keys: ['the-same'], params: payment }
    const [first, second] = await runTogether('transfer', [input, input])
    expect(first).toEqual([{ result: true, transfer: 1, amount_from: '25.50', amount_to: '25.50' }])
    expect(second).toEqual(first)
    expect(balances()).toMatchObject({ [EUR_1]: 97_450, [EUR_2]: 102_550 })
  })

  test('answers a repeated call with the first transfer, also when the money is gone by then', async () => {
    const params = { ...payment, amount_from: '1000.00', amount_to: '1000.00' }
    const first = await call(transfer, { params, idempotencyKey: 'k' }).result
    expect(await call(transfer, { params, idempotencyKey: 'k' }).result).toEqual(first)
    expect(balances()).toMatchObject({ [EUR_1]: 0, [EUR_2]: 200_000 })
  })

  test('neither makes nor loses money in 50 transfers from 5 processes', { timeout: 60_000 }, async () => {
    const inputs = [0, 1, 2, 3, 4].map((worker) => ({
      keys: Array.from({ length: 10 }, (_, index) => `${worker}-${index}`),
      params: worker % 2 === 0 ? payment : { ...payment, account_from: EUR_2, account_to: EUR_1 },
    }))
    await runTogether('transfer', inputs)
    // 30 transfers one way and 20 the other.
    expect(balances()).toMatchObject({ [EUR_1]: 100_000 - 10 * 2_550, [EUR_2]: 100_000 + 10 * 2_550 })
    expect(Object.values(balances()).reduce((sum, cents) => sum + cents)).toBe(60 * 100_000)
  })

  test.each([
    ['an unknown giver', { account_from: 999 }, { account_from: ['no such account'] }],
    ['an unknown taker', { account_to: 'x' }, { account_to: ['no such account'] }],
    ['one account on both sides', { account_to: String(EUR_1) }, { account_to: ['must not be account_from'] }],
    ['nothing', { amount_from: '0.00' }, { amount_from: ['must be greater than zero'] }],
    ['less than nothing', { amount_to: '-0.01' }, { amount_to: ['must be greater than zero'] }],
    ['parts of a cent', { amount_from: '1.005' }, { amount_from: ['must have at most 2 decimal places'] }],
    ['too much to count', { amount_to: '10000000000000.01' }, { amount_to: ['must be at most 10000000000000.00'] }],
    ['an unequal amount', { amount_to: '25' }, { amount_to: ['must equal amount_from: both accounts are in EUR'] }],
    [
      'more than there is',
      { amount_from: '1000.01', amount_to: '1000.01' },
      { amount_from: ["must be at most the account's balance of 1000.00 EUR"] },
    ],
  ])('refuses %s', async (_what, change, fields) => {
    const { result } = call(transfer, { params: { ...payment, ...change } })
    const refusal = await result.catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ActionError)
    expect(refusal).toMatchObject({ fields })
    expect(new Set(Object.values(balances()))).toEqual(new Set([100_000]))
  })
})

function balances(): Record<string, number> {
  const rows = sampleDatabase().prepare('SELECT id, balance_cents FROM accounts').all() as {
    id: number
    balance_cents: number
  }[]
  return Object.fromEntries(rows.map(({ id, balance_cents }) => [id, balance_cents]))
}
