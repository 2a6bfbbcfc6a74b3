import { Skeleton, Table } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useRef } from 'react'

export interface Column {
  header: ReactNode
  /** Of the table; columns without one share what is left. */
  width?: number | string
  /** Hidden on narrower screens. */
  visibleFrom?: 'xs' | 'sm' | 'md' | 'lg'
}

export interface Row {
  key: string
  cells: ReactNode[]
}

interface VirtualTableProps {
  label: string
  columns: Column[]
  count: number
  /** `undefined`: not loaded yet. */
  row(index: number): Row | undefined
  onOpen?(index: number): void
  /** The rows that are in view, first and last. */
  onView?(first: number, last: number): void
  maxHeight: string
}

const ROW_HEIGHT = 38

/** A table of any length: only the rows in view are drawn. */
export function VirtualTable({ label, columns, count, row, onOpen, onView, maxHeight }: VirtualTableProps) {
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
              <Table.Th key={at} w={width} visibleFrom={visibleFrom} fz="xs">
                {header}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Spacer height={before} columns={columns.length} />
          {drawn.map(({ index, key }) => {
            const content = row(index)
            return (
              <Table.Tr
                key={content?.key ?? key}
                h={ROW_HEIGHT}
                aria-rowindex={index + 2}
                className={onOpen && content ? 'clickable' : undefined}
                onClick={onOpen && content ? () => onOpen(index) : undefined}
              >
                {columns.map(({ visibleFrom }, at) => (
                  <Table.Td key={at} visibleFrom={visibleFrom} className="one-line">
                    {content ? content.cells[at] : <Skeleton height={12} width="60%" />}
                  </Table.Td>
                ))}
              </Table.Tr>
            )
          })}
          <Spacer height={after} columns={columns.length} />
        </Table.Tbody>
      </Table>
    </div>
  )
}

/** Stands for the rows that are not drawn. */
function Spacer({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null
  return (
    <tr className="spacer" aria-hidden>
      <td colSpan={columns} style={{ height }} />
    </tr>
  )
}
