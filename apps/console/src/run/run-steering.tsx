import { Button, Group, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import type { RunView, SteeringWord } from '@flexaction/client'
import { IconDownload, IconPlayerPause, IconPlayerPlay, IconRefresh, IconX } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { client, queryClient, useIsOperator } from '../api.js'
import { askFirst } from '../parts/ask-first.js'
import { hasEnded } from '../parts/outcomes.js'
import { messageOf } from '../parts/states.js'
import { counted } from '../parts/words.js'
import { readItemsAgain } from './use-run.js'

interface Step {
  word: SteeringWord
  label: string
  icon: ReactNode
  color?: string
  question: string
  done: string
}

/** What can be done with a run as it is now, each after being asked. */
function stepsFor(run: RunView): Step[] {
  const { counts, state } = run
  const left = counted(counts.waiting + counts.active, 'item')
  const steps: (Step | false)[] = [
    hasEnded(run) &&
      counts.failed > 0 && {
        word: 'retry',
        label: `Retry ${counts.failed.toLocaleString()} failed`,
        icon: <IconRefresh size={15} />,
        question: `Run ${counted(counts.failed, 'failed item')} again, with the same form? What has succeeded is left alone.`,
        done: 'The failed items run again',
      },
    hasEnded(run) &&
      run.listingFailed !== undefined && {
        word: 'resume-listing',
        label: 'Continue listing',
        icon: <IconPlayerPlay size={15} />,
        question:
          'List the other records of the collection, from where the listing stopped, and run the action on them?',
        done: 'The listing continues',
      },
    (state === 'running' || state === 'waiting') && {
      word: 'pause',
      label: 'Pause',
      icon: <IconPlayerPause size={15} />,
      question: `Begin nothing more of this run for now? ${left} will wait; what is being done is finished.`,
      done: 'The run is paused',
    },
    (state === 'paused' || state === 'halted') && {
      word: 'resume',
      label: 'Resume',
      icon: <IconPlayerPlay size={15} />,
      question: `Go on with ${left}?`,
      done: 'The run goes on',
    },
    !hasEnded(run) &&
      !run.cancelling && {
        word: 'cancel',
        label: 'Cancel',
        icon: <IconX size={15} />,
        color: 'red',
        question: `Give up ${left}? They will not be run, and handlers that are running are told to stop. This cannot be undone.`,
        done: 'The run is cancelled',
      },
  ]
  return steps.filter((step) => step !== false)
}

export function RunSteering({ run }: { run: RunView }) {
  const isOperator = useIsOperator()
  const steer = useMutation({
    mutationFn: ({ word }: Step) => client.steer(run.id, word),
    onSuccess: (now, { done }) => {
      queryClient.setQueryData(['run', run.id], now)
      void readItemsAgain(run.id)
      notifications.show({ message: done, color: 'teal' })
    },
    onError: (error, { label }) => {
      void queryClient.invalidateQueries({ queryKey: ['run', run.id] })
      notifications.show({ title: `${label} did not work`, message: messageOf(error), color: 'red', autoClose: false })
    },
  })
  const ask = (step: Step): void =>
    askFirst({
      title: `${step.label}?`,
      text: step.question,
      confirm: step.label,
      ...(step.color !== undefined && { color: step.color }),
      onConfirm: () => steer.mutate(step),
    })
  return (
    <Group gap="xs">
      {isOperator &&
        stepsFor(run).map((step) => (
          <Button
            key={step.word}
            size="xs"
            variant="default"
            leftSection={step.icon}
            loading={steer.isPending && steer.variables.word === step.word}
            onClick={() => ask(step)}
          >
            {step.label}
          </Button>
        ))}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button size="xs" variant="default" leftSection={<IconDownload size={15} />}>
            CSV
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component="a" href={client.csvUrl(run.id)} download>
            All outcomes
          </Menu.Item>
          {run.counts.failed > 0 && (
            <Menu.Item component="a" href={client.csvUrl(run.id, { state: 'failed' })} download>
              Failed items
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}
