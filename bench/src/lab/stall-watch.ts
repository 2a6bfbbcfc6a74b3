// Loaded into a gateway before its own code (node --import): notes for how long its event loop was held, and writes the longest
// time since the last question to the file that STALL_FILE names when SIGUSR2 asks for it.
import { writeFileSync } from 'node:fs'

const EVERY_MS = 1

let longest = 0
let last = performance.now()
setInterval(() => {
  const now = performance.now()
  longest = Math.max(longest, now - last - EVERY_MS)
  last = now
}, EVERY_MS).unref()

process.on('SIGUSR2', () => {
  writeFileSync(process.env.STALL_FILE ?? '', String(longest))
  longest = 0
})
