import { Badge, Progress, Tooltip } from '@mantine/core'
import type { Counts, ItemState, RunState, RunView } from '@flexaction/client'

const COLORS: Readonly<Record<ItemState | RunState, string>> = {
  waiting: 'gray.5',
  active: 'blue.5',
  running: 'blue.5',
  paused: 'yellow.6',
  halted: 'orange.6',
  succeeded: 'teal.6',
  completed_with_failures: 'orange.6',
  failed: 'red.6',
  skipped: 'grape.5',
  cancelled: 'gray.6',
  expired: 'gray.7',
}

export const ENDED_STATES: ReadonlySet<RunState> = new Set<RunState>([
  'succeeded',
  'completed_with_failures',
  'failed',
  'cancelled',
  'expired',
])

export function hasEnded({ state }: Pick<RunView, 'state'>): boolean {
  return ENDED_STATES.has(state)
}

export function colorOf(state: ItemState | RunState): string {
  return COLORS[state]
}

export function stateLabel(state: ItemState | RunState): string {
  return state.replaceAll('_', ' ')
}

/** A state in words, with its colour as a dot: never by colour alone. */
export function StateBadge({ state, size = 'md' }: { state: ItemState | RunState; size?: 'sm' | 'md' | 'lg' }) {
  return (
    <Badge
      variant="dot"
      color={colorOf(state)}
      size={size}
      radius="sm"
      tt="none"
      fw={500}
      style={{ flex: 'none', verticalAlign: 'middle' }}
    >
      {stateLabel(state)}
    </Badge>
  )
}

const IN_BAR = ['succeeded', 'skipped', 'failed', 'cancelled', 'expired', 'active'] as const

/** How far a run is, by outcome. */
export function OutcomeBar({ counts, total, size = 8 }: { counts: Counts; total: number; size?: number | string }) {
  const done = total - counts.waiting - counts.active
  return (
    <Progress.Root
      size={size}
      role="progressbar"
      aria-label="Items that have ended"
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={done}
      aria-valuetext={`${done} of ${total}`}
    >
      {IN_BAR.filter((state) => counts[state] > 0).map((state) => (
        <Tooltip key={state} label={`${counts[state].toLocaleString()} ${stateLabel(state)}`}>
          <Progress.Section
            value={(100 * counts[state]) / Math.max(1, total)}
            color={colorOf(state)}
            withAria={false}
            striped={state === 'active'}
          />
        </Tooltip>
      ))}
    </Progress.Root>
  )
}
