// As many actions as MANY_ACTIONS says.
import { defineAction, records } from 'flexaction'

const count = Number(process.env['MANY_ACTIONS'] ?? 0)

export default Array.from({ length: count }, (_, at) =>
  defineAction({ name: `many_${at}`, target: records('users'), run: () => undefined }),
)
