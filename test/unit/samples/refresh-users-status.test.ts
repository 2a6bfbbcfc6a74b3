import { describe, expect, test } from 'vitest'
import refresh from '../../../samples/dist/actions/refresh-users-status.js'
import { sampleDatabase } from '../../../samples/dist/lib/database.js'
import { call } from './call.js'
import { useSampleFolder } from './sample-folder.js'

useSampleFolder()

const [forUsers, forAll] = refresh

describe('refresh_users_status', () => {
  test('is one name with two targets', () => {
    expect(refresh.map(({ name, target }) => [name, target.kind])).toEqual([
      ['refresh_users_status', 'collection'],
      ['refresh_users_status', 'common'],
    ])
  })

  test('calls a user active who was seen within 30 days', async () => {
    const seen = sampleDatabase().prepare('UPDATE users SET last_seen_at = ? WHERE id = ?')
    const day = 86_400_000
    seen.run(new Date(Date.now() - 29 * day).toISOString(), 1)
    seen.run(new Date(Date.now() - 31 * day).toISOString(), 2)
    expect(await call(forUsers!).result).toEqual({ result: true, refreshed: 5_000 })
    expect(sampleDatabase().prepare('SELECT status FROM users WHERE id < 3 ORDER BY id').all()).toEqual([
      { status: 'active' },
      { status: 'inactive' },
    ])
  })

  test('adds, as the common action, how things stand', async () => {
    const result = (await call(forAll!).result) as { active: number; inactive: number }
    expect(result).toMatchObject({ result: true, refreshed: 5_000 })
    expect(result.active).toBeGreaterThan(0)
    expect(result.active + result.inactive).toBe(5_000)
  })
})
