import type fc from 'fast-check'
import { accept, acceptAgain } from './accepting.js'
import { list, page, resumeListing } from './listing.js'
import { cancel, expire, pause, purge, resume, retry, retrySome, timePasses } from './steering.js'
import type { Command } from './step.js'
import { begin, lose, settle, start, startAgain } from './working.js'

/** How often each kind of step comes: those more often that lead far. */
const weighted: [number, fc.Arbitrary<Command>][] = [
  [2, accept],
  [1, acceptAgain],
  [20, start],
  [2, startAgain],
  [2, begin],
  [24, settle],
  [5, lose],
  [3, pause],
  [6, resume],
  [7, retry],
  [5, retrySome],
  [4, resumeListing],
  [1, cancel],
  [1, timePasses],
  [1, expire],
  [3, list],
  [6, page],
  [1, purge],
]

/** The first step is always an {@link accept}. */
export const steps: fc.Arbitrary<Command>[] = weighted.flatMap(([weight, one]) =>
  Array.from({ length: weight }, () => one),
)
