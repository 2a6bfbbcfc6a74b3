/** Values as handlers throw and return them, where they are none that anybody expects. */

export function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** Every trap of it throws. */
export function hostile(target: object = {}): object {
  const traps = new Proxy({}, { get: () => () => raise(new Error('a trap')) })
  return new Proxy(target, traps)
}

export function raise(what: unknown): never {
  throw what
}

export function withGetter(name: string, get: () => unknown, target: object = {}): object {
  return Object.defineProperty(target, name, { get, enumerable: true })
}

export function circle(): object {
  const object: { name: string; self?: object } = { name: 'a' }
  object.self = object
  return object
}

export function withMessage(message: unknown): Error {
  const error = new Error('replaced')
  Object.defineProperty(error, 'message', { value: message })
  return error
}

export class PaymentDeclined extends Error {}
export class NamedDecline extends Error {
  override readonly name = 'CardExpired'
}

/** What another copy of the package makes. */
export const foreignRefusal = (fields: Record<PropertyKey, unknown>) =>
  Object.assign(new Error('foreign'), { [Symbol.for('flexaction.ActionError')]: true }, fields)

export function* generator() {
  yield 1
}

/** A refusal, as it is read. */
export const refused = (message: string, fields?: unknown) => ({
  kind: 'refused',
  message,
  ...(fields !== undefined && { fields }),
})
