/** Something a person can mend, said so that they can. Printed without a stack; the exit code is 1. */
export class StartProblem extends Error {
  /**
   * @param {string} message what is wrong, as one sentence, with the value received
   * @param {string} [remedy] what to do about it
   */
  constructor(message, remedy) {
    super(message)
    this.name = 'StartProblem'
    this.remedy = remedy
  }
}

/**
 * What to print for anything that was thrown: message and remedy of a problem, the stack of everything else.
 *
 * @param {unknown} error
 */
export function describeProblem(error) {
  if (error instanceof StartProblem) return error.remedy ? `${error.message}\n${error.remedy}` : error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/**
 * Why a system call failed, in a word or a sentence.
 *
 * @param {unknown} error
 */
export function shortReason(error) {
  return errorCode(error) ?? String(error)
}

/**
 * The code of a Node system error (`EACCES`, `ENOENT`, …); `undefined` for any other value.
 *
 * @param {unknown} error
 * @returns {string | undefined}
 */
export function errorCode(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
