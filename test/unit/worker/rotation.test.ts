import type { Call } from '@flexaction/worker/running/call'
import { Rotation, type WaitingBatch } from '@flexaction/worker/running/rotation'
import { expect, it } from 'vitest'

/** A batch whose calls say which run they are of. */
function batch(runId: string, calls: number): WaitingBatch & { callsLeft: number } {
  return {
    runId,
    callsLeft: calls,
    takeCall(): Call | undefined {
      if (this.callsLeft === 0) return undefined
      this.callsLeft--
      return runId as unknown as Call
    },
  }
}

const taken = (rotation: Rotation): unknown[] => {
  const calls = []
  for (let call = rotation.next(); call; call = rotation.next()) calls.push(call)
  return calls
}

it('takes calls from one run after the other, the newest run first', () => {
  const rotation = new Rotation()
  for (const one of [batch('a', 2), batch('b', 1), batch('a', 2), batch('c', 3)]) rotation.add(one)
  expect([rotation.waiting, rotation.runs]).toEqual([8, 3])
  expect(taken(rotation).join('')).toBe('cbacacaa')
  expect([rotation.waiting, rotation.runs]).toEqual([0, 0])
})

it('keeps nothing of runs whose calls were all taken, however they come', () => {
  const rotation = new Rotation()
  for (let n = 0; n < 1_000; n++) {
    rotation.add(batch(`run ${n}`, 1))
    expect(rotation.next()).toBe(`run ${n}`)
    expect([rotation.waiting, rotation.runs, rotation.has(`run ${n}`)]).toEqual([0, 0, false])
  }
})

it('passes over what was dropped, and leaves the others their turn', () => {
  const rotation = new Rotation()
  const dropped = batch('a', 3)
  for (const one of [batch('c', 1), batch('b', 2), dropped]) rotation.add(one)
  expect([rotation.next(), rotation.next()]).toEqual(['a', 'b'])
  rotation.drop(dropped, dropped.callsLeft)
  expect([rotation.waiting, rotation.runs]).toEqual([2, 2])
  rotation.drop(dropped, 2)
  expect(rotation.waiting).toBe(2)
  expect(taken(rotation)).toEqual(['c', 'b'])
})
