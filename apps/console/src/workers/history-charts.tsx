import '@mantine/charts/styles.css'
import { BarChart, LineChart } from '@mantine/charts'
import { SimpleGrid, Text } from '@mantine/core'
import type { HistoryView } from '@flexaction/client'
import { duration } from '../parts/time.js'

const OUTCOMES = [
  { name: 'succeeded', color: 'teal.6' },
  { name: 'skipped', color: 'grape.5' },
  { name: 'failed', color: 'red.6' },
  { name: 'cancelled', color: 'gray.6' },
]

/** How much ended in each interval, and how long runs waited for their start. */
export default function HistoryCharts({ history }: { history: HistoryView }) {
  const data = history.points.map((point) => ({
    ...point,
    time: clock(point.at),
    // Where no run started there is no mean: a gap, not a zero.
    waitedMs: point.started === 0 ? null : point.waitedMs,
  }))
  const every = history.span === 'hour' ? 'minute' : '10 minutes'
  const total = (name: 'succeeded' | 'failed'): number => history.points.reduce((sum, point) => sum + point[name], 0)
  const summary = `${total('succeeded').toLocaleString()} items succeeded and ${total('failed').toLocaleString()} failed in the last ${history.span}`
  return (
    <>
      <Text size="sm" c="dimmed" mb="xs">
        {summary}
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <figure style={{ margin: 0 }} aria-label={`Items that ended per ${every}: ${summary}`}>
          <Text component="figcaption" size="xs" c="dimmed" fw={600} mb={4}>
            Items that ended, per {every}
          </Text>
          <BarChart
            h={200}
            data={data}
            dataKey="time"
            type="stacked"
            series={OUTCOMES}
            withLegend
            tickLine="none"
            gridAxis="x"
            valueFormatter={(count) => count.toLocaleString()}
            barProps={{ isAnimationActive: false }}
          />
        </figure>
        <figure style={{ margin: 0 }} aria-label={`Time that runs waited for their start, per ${every}`}>
          <Text component="figcaption" size="xs" c="dimmed" fw={600} mb={4}>
            Time that runs waited for their start (mean)
          </Text>
          <LineChart
            h={200}
            data={data}
            dataKey="time"
            series={[{ name: 'waitedMs', label: 'waited', color: 'indigo.6' }]}
            valueFormatter={duration}
            tickLine="none"
            gridAxis="x"
            dotProps={{ r: 3 }}
            connectNulls={false}
            curveType="linear"
            lineProps={{ isAnimationActive: false }}
          />
        </figure>
      </SimpleGrid>
    </>
  )
}

function clock(iso: string): string {
  return new Date(iso).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
}
