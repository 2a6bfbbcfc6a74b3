export { InexactNumber, isExactNumber, refuseInexactNumbers } from './exact-numbers.js'
export type { PathStep } from './json-text.js'
export { isDeeperThan, MOST_JSON_LEVELS, parseJsonExactly } from './parse-json.js'
export { RepeatedKey } from './repeated-keys.js'
