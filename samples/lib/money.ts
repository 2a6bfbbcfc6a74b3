import { ActionError } from 'flexaction'

const MOST_CENTS = 10n ** 15n

/** The cents of a decimal such as `12.5`; refuses, in the name of the form's field, what is no amount to pay. */
export function parseAmount(field: string, amount: string): bigint {
  const [units = '', fraction = ''] = amount.split('.')
  const digits = fraction.replace(/0+$/, '')
  if (digits.length > 2) throw new ActionError({ [field]: 'must have at most 2 decimal places' })
  const cents = BigInt(units + digits.padEnd(2, '0'))
  if (cents <= 0n) throw new ActionError({ [field]: 'must be greater than zero' })
  if (cents > MOST_CENTS) throw new ActionError({ [field]: `must be at most ${formatAmount(MOST_CENTS)}` })
  return cents
}

/** `1250n` becomes `12.50`. */
export function formatAmount(cents: bigint): string {
  const digits = cents.toString().padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}
