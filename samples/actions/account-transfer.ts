import { ActionError, collection, defineAction, field, type RecordId } from 'flexaction'
import { sampleDatabase } from '../lib/database.js'
import { formatAmount, parseAmount } from '../lib/money.js'

export default defineAction({
  name: 'account_transfer',
  target: collection(['projects;income', 'projects;outcome']),
  params: {
    account_from: field.foreignKey({ model: 'projects;account' }),
    amount_from: field.decimal(),
    account_to: field.foreignKey({ model: 'projects;account' }),
    amount_to: field.decimal(),
    description: field.text({ required: false }),
    date: field.dateTime({ required: false }),
  },
  retry: { attempts: 3 },

  run({ params, ctx }) {
    const amountFrom = parseAmount('amount_from', params.amount_from)
    const amountTo = parseAmount('amount_to', params.amount_to)

    // A retry, or another worker after a crash, runs this again with the same key. The key is stored in the transaction
    // that moves the money, so whoever comes second finds the first one's transfer instead of moving it twice.
    const transfer = sampleDatabase().transaction(() => {
      const earlier = findTransfer(ctx.idempotencyKey)
      if (earlier) return earlier

      const from = findAccount('account_from', params.account_from)
      const to = findAccount('account_to', params.account_to)
      if (from.id === to.id) throw new ActionError({ account_to: 'must not be account_from' })
      if (from.currency === to.currency && amountFrom !== amountTo) {
        throw new ActionError({ amount_to: `must equal amount_from: both accounts are in ${from.currency}` })
      }
      if (from.balance_cents < amountFrom) {
        const balance = `${formatAmount(from.balance_cents)} ${from.currency}`
        throw new ActionError({ amount_from: `must be at most the account's balance of ${balance}` })
      }

      const database = sampleDatabase()
      const changeBalance = database.prepare('UPDATE accounts SET balance_cents = balance_cents + ? WHERE id = ?')
      changeBalance.run(-amountFrom, from.id)
      changeBalance.run(amountTo, to.id)
      database
        .prepare(
          `INSERT INTO transfers (idempotency_key, account_from, amount_from_cents, account_to, amount_to_cents,
                                  description, date, created_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          ctx.idempotencyKey,
          from.id,
          amountFrom,
          to.id,
          amountTo,
          params.description ?? null,
          (params.date ?? ctx.run.createdAt).toISOString(),
          new Date().toISOString(),
        )
      return findTransfer(ctx.idempotencyKey)
    })
    return transfer.immediate()
  },
})

interface Account {
  id: bigint
  currency: string
  balance_cents: bigint
}

function findAccount(param: 'account_from' | 'account_to', id: RecordId): Account {
  const account = sampleDatabase()
    .prepare('SELECT id, currency, balance_cents FROM accounts WHERE id = ?')
    .safeIntegers()
    .get(id) as Account | undefined
  if (!account) throw new ActionError({ [param]: 'no such account' })
  return account
}

function findTransfer(
  idempotencyKey: string,
): { result: true; transfer: number; amount_from: string; amount_to: string } | undefined {
  const row = sampleDatabase()
    .prepare('SELECT id, amount_from_cents, amount_to_cents FROM transfers WHERE idempotency_key = ?')
    .safeIntegers()
    .get(idempotencyKey) as { id: bigint; amount_from_cents: bigint; amount_to_cents: bigint } | undefined
  if (!row) return undefined
  return {
    result: true,
    transfer: Number(row.id),
    amount_from: formatAmount(row.amount_from_cents),
    amount_to: formatAmount(row.amount_to_cents),
  }
}
