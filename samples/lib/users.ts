import type { RecordId } from 'flexaction'
import { sampleDatabase } from './database.js'

export interface User {
  readonly id: number
  readonly name: string
  readonly email: string
}

/** The user with this id, which may be a number or its digits; `undefined` when there is none. */
export function findUser(id: RecordId): User | undefined {
  return sampleDatabase().prepare('SELECT id, name, email FROM users WHERE id = ?').get(id) as User | undefined
}
