import { Chip, Group } from '@mantine/core'
import type { ItemState, RunView } from '@flexaction/client'
import { stateLabel } from '../parts/outcomes.js'

const STATES: ItemState[] = ['waiting', 'active', 'succeeded', 'failed', 'skipped', 'cancelled', 'expired']

interface CountFilterProps {
  run: RunView
  state: ItemState | undefined
  onChange(state: ItemState | undefined): void
}

/** How many items are in each state; one of them can be chosen, to see only those. */
export function CountFilter({ run: { counts, total }, state, onChange }: CountFilterProps) {
  const shown = STATES.filter((one) => counts[one] > 0 || one === state)
  return (
    <Chip.Group
      value={state ?? 'all'}
      onChange={(chosen) => onChange(chosen === 'all' ? undefined : (chosen as ItemState))}
    >
      <Group gap={6} role="radiogroup" aria-label="Items by state" className="numbers">
        <Chip value="all" size="xs" variant="outline">
          all {total.toLocaleString()}
        </Chip>
        {shown.map((one) => (
          <Chip key={one} value={one} size="xs" variant="outline">
            {stateLabel(one)} {counts[one].toLocaleString()}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  )
}
