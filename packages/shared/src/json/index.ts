export { InexactNumber, isExactNumber, type PathStep, refuseInexactNumbers } from './exact-numbers.js'
