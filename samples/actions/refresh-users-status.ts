import { collection, common, defineAction } from 'flexaction'
import { sampleDatabase } from '../lib/database.js'

const name = 'refresh_users_status'
const ACTIVE_WITHIN_DAYS = 30

// One name, two actions: Jet Admin shows the first on the users' page, and the second outside of any collection.
export default [
  defineAction({ name, target: collection('users'), run: () => ({ result: true, refreshed: refreshStatuses() }) }),
  defineAction({
    name,
    target: common(),
    run: () => ({ result: true, refreshed: refreshStatuses(), ...countStatuses() }),
  }),
]

function refreshStatuses(): number {
  const since = new Date()
  since.setUTCDate(since.getUTCDate() - ACTIVE_WITHIN_DAYS)
  return sampleDatabase()
    .prepare(`UPDATE users SET status = CASE WHEN last_seen_at >= ? THEN 'active' ELSE 'inactive' END`)
    .run(since.toISOString()).changes
}

/** Who looks at no collection sees in the answer how things stand now. */
function countStatuses(): { active: number; inactive: number } {
  const { active, inactive } = sampleDatabase()
    .prepare(
      `SELECT count(*) FILTER (WHERE status = 'active') AS active, count(*) FILTER (WHERE status = 'inactive') AS inactive FROM users`,
    )
    .get() as { active: number; inactive: number }
  return { active, inactive }
}
