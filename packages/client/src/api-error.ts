/** An answer that is no success, or none at all (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly status: number,
    message: string,
    /** `conflict`, `not_found`, …; absent when the answer had none. */
    readonly code?: string,
    /** Messages by form field; `non_field_errors` for those that belong to none. */
    readonly fields?: Readonly<Record<string, readonly string[]>>,
  ) {
    super(message)
  }

  /** Nobody is logged in, or the login has ended. */
  get isLoggedOut(): boolean {
    return this.status === 401
  }
}

/** Reads an error's answer: `{detail, code}`, or messages by field (docs/api.md, Errors). */
export async function readError(answer: Response): Promise<ApiError> {
  const text = await answer.text().catch(() => '')
  const body = parse(text)
  if (typeof body !== 'object' || body === null)
    return new ApiError(answer.status, `The gateway answered ${answer.status}`)
  const { detail, code } = body as { detail?: unknown; code?: unknown }
  if (typeof detail === 'string')
    return new ApiError(answer.status, detail, typeof code === 'string' ? code : undefined)
  const fields = body as Record<string, string[]>
  const message = Object.entries(fields)
    .map(([name, texts]) => (name === 'non_field_errors' ? texts.join(', ') : `${name}: ${texts.join(', ')}`))
    .join('; ')
  return new ApiError(answer.status, message, undefined, fields)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
