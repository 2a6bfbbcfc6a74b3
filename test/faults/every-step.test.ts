import { expect, it } from 'vitest'
import { chooseFrom } from './every-step/choice.js'
import { Enumerator } from './every-step/enumerator.js'
import { table } from './every-step/table.js'

// `pnpm chaos --every-step` sets EVERY_STEP; the suite takes a sample.
const choice = chooseFrom(process.env)

it(
  'a fault at any step of a scenario breaks no promise',
  async () => {
    const enumerator = new Enumerator(choice, (text) => console.log(text))
    await enumerator.run()
    console.log(table(enumerator, choice.seed))
    expect(enumerator.failures).toBe(0)
  },
  choice.sample === undefined ? 24 * 3_600_000 : 600_000,
)
