import { defineCollection } from 'flexaction'
import { sampleDatabase } from '../lib/database.js'
import { containing, toPage } from '../lib/listing.js'

export default defineCollection({
  name: 'projects;account',
  list({ cursor = '0', limit, search }) {
    const accounts = sampleDatabase()
      .prepare(
        `SELECT id, name, currency FROM accounts
         WHERE id > :cursor AND (name LIKE :pattern ESCAPE '\\' OR currency LIKE :pattern ESCAPE '\\')
         ORDER BY id LIMIT :limit`,
      )
      .all({ cursor, pattern: containing(search), limit: limit + 1 }) as {
      id: number
      name: string
      currency: string
    }[]
    const records = accounts.map(({ id, name, currency }) => ({ id, label: `${name} (${currency})` }))
    return toPage(records, limit)
  },
})
