/** The popup of an input is named by it: Mantine links them by the same id. */
export function popupNamedBy(id: string): { id: string; popoverProps: { id: string } } {
  return { id, popoverProps: { id } }
}

/** Names of the parts of a time. */
export function timeLabels(name: string) {
  return {
    hoursInputLabel: `${name}: hours`,
    minutesInputLabel: `${name}: minutes`,
    secondsInputLabel: `${name}: seconds`,
  }
}
