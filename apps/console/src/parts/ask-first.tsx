import { Text } from '@mantine/core'
import { modals } from '@mantine/modals'

interface Question {
  title: string
  text: string
  /** The word on the button that does it. */
  confirm: string
  color?: string
  onConfirm(): void
}

/** Asks before something is done. The way out has the focus: Enter alone does nothing. */
export function askFirst({ title, text, confirm, color, onConfirm }: Question): void {
  modals.openConfirmModal({
    title,
    children: <Text size="sm">{text}</Text>,
    labels: { confirm, cancel: 'Not now' },
    cancelProps: { 'data-autofocus': true },
    ...(color !== undefined && { confirmProps: { color } }),
    closeButtonProps: { 'aria-label': 'Close' },
    onConfirm,
  })
}
