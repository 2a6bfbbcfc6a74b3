import { firstOfCall, WaitingCalls } from '@flexaction/worker/running/waiting-calls'
import fc from 'fast-check'
import { expect, it } from 'vitest'

it('gives one item after the other when a call is for one', () => {
  const waiting = new WaitingCalls([1, 2, 5], 1)
  expect([waiting.left, waiting.take(), waiting.take(), waiting.left]).toEqual([3, [1], [2], 1])
  expect([waiting.drop(), waiting.left, waiting.take()]).toEqual([1, 0, undefined])
})

it('cuts by place: whatever is left of a call stays one call', () => {
  const waiting = new WaitingCalls([0, 2, 3, 6, 9, 10], 3)
  const taken = []
  for (let call = waiting.take(); call; call = waiting.take()) taken.push(call)
  expect(taken).toEqual([[0, 2], [3], [6], [9, 10]])
})

it('takes every position once, in calls of its own, and says how many there are', () => {
  const positions = fc.uniqueArray(fc.nat(60)).map((some) => some.sort((a, b) => a - b))
  fc.assert(
    fc.property(positions, fc.integer({ min: 1, max: 10 }), (some, perCall) => {
      const waiting = new WaitingCalls(some, perCall)
      const calls = waiting.left
      const taken: number[][] = []
      for (let call = waiting.take(); call; call = waiting.take()) taken.push([...call])
      expect(taken.flat()).toEqual(some)
      expect([taken.length, waiting.left]).toEqual([calls, 0])
      for (const call of taken) expect(new Set(call.map((one) => firstOfCall(one, perCall))).size).toBe(1)
    }),
  )
})
