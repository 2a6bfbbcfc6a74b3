import { Skeleton, type StyleProp, Table } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, type ReactNode, useEffect, useRef } from 'react'

export interface Column<Value> {
  header: ReactNode
  cell(value: Value): ReactNode
  /** Of the table; columns without one share what is left. */
  width?: StyleProp<number | string>
  /** Hidden on narrower screens. */
  visibleFrom?: 'xs' | 'sm' | 'md' | 'lg'
}

/** Columns and functions are to stay the same from one drawing to the next: rows in view are drawn anew only if something changed. */
interface VirtualTableProps<Value> {
  label: string
  columns: readonly Column<Value>[]
  count: number
  /** `undefined`: not loaded yet. */
  value(index: number): Value | undefined
  keyOf(value: Value, index: number): string
  onOpen?: (value: Value) => void
  /** The rows that are in view, first and last. */
  onView?: (first: number, last: number) => void
  maxHeight: string
}

const ROW_HEIGHT = 38

/** A table of any length: only the rows in view are drawn. */
export function VirtualTable<Value>(props: VirtualTableProps<Value>) {
  const { label, columns, count, value, keyOf, onOpen, onView, maxHeight } = props
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  })
  const drawn = virtualizer.getVirtualItems()
  const first = drawn[0]?.index ?? 0
  const last = drawn.at(-1)?.index ?? 0
  useEffect(() => onView?.(first, last), [onView, first, last])
  const before = drawn[0]?.start ?? 0
  const after = virtualizer.getTotalSize() - (drawn.at(-1)?.end ?? 0)
  return (
    <div ref={scroller} className="virtual" style={{ maxHeight }} tabIndex={0} role="region" aria-label={label}>
      <Table verticalSpacing={0} horizontalSpacing="sm" highlightOnHover aria-rowcount={count + 1}>
        <Table.Thead>
          <Table.Tr h={34}>
            {columns.map(({ header, width, visibleFrom }, at) => (
              <Table.Th key={at} w={width} visibleFrom={visibleFrom} fz="xs" className="one-line">
                {header}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Spacer height={before} />
          {drawn.map(({ index }) => {
            const known = value(index)
            const key = known === undefined ? String(index) : keyOf(known, index)
            return <Row key={key} index={index} value={known} columns={columns} onOpen={onOpen} />
          })}
          <Spacer height={after} />
        </Table.Tbody>
      </Table>
    </div>
  )
}

interface RowProps<Value> {
  index: number
  value: Value | undefined
  columns: readonly Column<Value>[]
  onOpen: ((value: Value) => void) | undefined
}

function DrawnRow<Value>({ index, value, columns, onOpen }: RowProps<Value>) {
  const open = onOpen && value !== undefined ? () => onOpen(value) : undefined
  return (
    <Table.Tr h={ROW_HEIGHT} aria-rowindex={index + 2} className={open && 'clickable'} onClick={open}>
      {columns.map(({ cell, visibleFrom }, at) => (
        <Table.Td key={at} visibleFrom={visibleFrom} className="one-line">
          {value === undefined ? <Skeleton height={12} width="60%" /> : cell(value)}
        </Table.Td>
      ))}
    </Table.Tr>
  )
}

const Row = memo(DrawnRow) as typeof DrawnRow

/** Stands for the rows that are not drawn. One cell wide: a wider one would give hidden columns their share of the width. */
function Spacer({ height }: { height: number }) {
  if (height <= 0) return null
  return (
    <tr className="spacer" aria-hidden>
      <td style={{ height }} />
    </tr>
  )
}
