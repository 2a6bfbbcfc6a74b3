import { defineCollection } from 'flexaction'
import { sampleDatabase } from '../lib/database.js'
import { containing, toPage } from '../lib/listing.js'
import type { User } from '../lib/users.js'

export default defineCollection({
  name: 'users',
  // By key and not by OFFSET: no record is missed or listed twice when others are added or removed between two pages.
  list({ cursor = '0', limit, search }) {
    const users = sampleDatabase()
      .prepare(
        `SELECT id, name, email FROM users
         WHERE id > :cursor AND (name LIKE :pattern ESCAPE '\\' OR email LIKE :pattern ESCAPE '\\')
         ORDER BY id LIMIT :limit`,
      )
      .all({ cursor, pattern: containing(search), limit: limit + 1 }) as User[]
    const records = users.map(({ id, name, email }) => ({ id, label: `${name} <${email}>` }))
    return toPage(records, limit)
  },
})
