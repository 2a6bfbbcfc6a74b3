export { type TurnLimits, Turns, type TurnReply } from './turns.js'
