import { types } from 'node:util'

/**
 * What a handler returned, as a real promise when it must be awaited. The `then` of anything else than a plain promise is
 * read and called once; what it throws, or throws when it is read, is what the promise rejects with. Never throws.
 */
export function asPromise(returned: unknown): Promise<unknown> | undefined {
  if ((typeof returned !== 'object' && typeof returned !== 'function') || returned === null) return undefined
  try {
    if (isPlainPromise(returned)) return returned
    const then: unknown = (returned as { then?: unknown }).then
    if (typeof then !== 'function') return undefined
    return new Promise((resolve, reject) => {
      // Not `await returned`: it would read `then` once more.
      ;(then as (resolve: unknown, reject: unknown) => void).call(returned, resolve, reject)
    })
  } catch (thrown) {
    // The handler's own value: readThrown makes a failure of it.
    return new Promise((_, reject) => reject(thrown as Error))
  }
}

/** One whose `then` nobody has replaced, nor what is asked for while it is awaited. */
function isPlainPromise(value: object): value is Promise<unknown> {
  return (
    types.isPromise(value) &&
    Object.getPrototypeOf(value) === Promise.prototype &&
    !Object.hasOwn(value, 'then') &&
    !Object.hasOwn(value, 'constructor')
  )
}
