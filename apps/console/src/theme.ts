import { createTheme, type CSSVariablesResolver, Loader, Tooltip } from '@mantine/core'

/** Names for buttons that show an arrow; the faint and the red days of Mantine's calendars are hard to read. */
const CALENDAR = { previousLabel: 'Before', nextLabel: 'After', hideOutsideDates: true, weekendDays: [] }

/** Dense and calm: a tool for people who look at many things. Shades are chosen so that texts are readable on them. */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.35rem' }, h2: { fontSize: '1.05rem' } } },
  components: {
    // The placeholder that takes the first focus is no item, and screen readers are told that a menu holds items alone.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    DateInput: { defaultProps: CALENDAR },
    DateTimePicker: { defaultProps: { ...CALENDAR, submitButtonProps: { 'aria-label': 'Done' } } },
    Loader: Loader.extend({ defaultProps: { role: 'status', 'aria-label': 'Loading' } }),
    Tooltip: Tooltip.extend({ defaultProps: { events: { hover: true, focus: true, touch: true }, openDelay: 300 } }),
  },
})

/** Mantine's secondary texts are too faint for WCAG AA. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-placeholder': 'var(--mantine-color-gray-7)',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
    '--mantine-color-anchor': 'var(--mantine-color-indigo-8)',
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-placeholder': 'var(--mantine-color-dark-1)',
    '--mantine-color-error': 'var(--mantine-color-red-4)',
    '--mantine-color-anchor': 'var(--mantine-color-indigo-3)',
  },
})
