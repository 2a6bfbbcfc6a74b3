import { Box, Code, Group, Text } from '@mantine/core'
import { Copy } from './copy.js'

/** A text or a value as it is, to read and to copy. */
export function JsonView({ value, label, mah = 320 }: { value: unknown; label: string; mah?: number }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  return (
    <Box>
      <Group gap={4} mb={4}>
        <Text size="xs" c="dimmed" fw={600}>
          {label}
        </Text>
        <Copy text={text} what={label.toLowerCase()} />
      </Group>
      <Code
        block
        tabIndex={0}
        role="region"
        aria-label={label}
        style={{ maxHeight: mah, overflow: 'auto', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
      >
        {text}
      </Code>
    </Box>
  )
}
