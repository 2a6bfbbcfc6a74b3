export type Caller = 'nobody' | 'viewer' | 'operator' | 'admin'

/** `let in`: whatever is answered, it is no refusal. `nothing done`: refused, or there is no such address. */
export type Must = 'not authenticated' | 'nothing done' | 'let in'

export interface SecurityCase {
  group: string
  caller: Caller
  method: string
  path: string
  must: Must
  /** All of it, as one line. */
  line: string
}

export function securityCases(): SecurityCase[]
