import type { Bench } from '../lab/bench.js'
import { accept } from './accept.js'
import { allExcept } from './all-except.js'
import { bulk } from './bulk.js'
import { costs } from './costs.js'
import { fairness } from './fairness.js'
import { immediate, immediateIdle } from './immediate.js'
import { itemsIo } from './items-io.js'
import { items } from './items.js'
import { list } from './list.js'
import { memory } from './memory.js'
import { peer } from './peer.js'
import { queues } from './queues.js'
import { read } from './read.js'
import { redisCpu } from './redis-cpu.js'
import { scale } from './scale.js'
import { stall } from './stall.js'

/** In the order of docs/performance.md. */
export const benches: readonly Bench[] = [
  items,
  queues,
  itemsIo,
  bulk,
  accept,
  immediate,
  immediateIdle,
  stall,
  redisCpu,
  list,
  peer,
  memory,
  allExcept,
  fairness,
  scale,
  read,
  costs,
]
