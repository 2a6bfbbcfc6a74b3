// No queue at all: what a process of Node makes of handlers that wait, when it knows beforehand what is to be done.
import { setTimeout as pause } from 'node:timers/promises'
import { serve } from '../lab/peer.js'

serve({
  /** So many calls, `slots` at a time, of `ms` each; how long all took, in ms. */
  wait: async (calls: number, slots: number, ms: number) => {
    const began = performance.now()
    let left = calls
    const slot = async (): Promise<void> => {
      while (left-- > 0) await pause(ms)
    }
    await Promise.all(Array.from({ length: slots }, slot))
    return performance.now() - began
  },
})
