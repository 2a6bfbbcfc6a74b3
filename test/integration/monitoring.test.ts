import { defineAction, records } from '@flexaction/shared'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { freePort } from '../harness/free-port.js'
import { parseMetrics } from '../harness/metrics.js'
import { System } from '../harness/system.js'

const repository = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, repository), 'utf8')
const RULES = 'deploy/monitoring/alerts.yml'

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[]
  templating: { list: { query: string }[] }
}

/** All queries of the dashboard and of the alert rules, by where they stand. */
function queries(): [where: string, query: string][] {
  const { panels, templating } = JSON.parse(read('deploy/monitoring/grafana-dashboard.json')) as Dashboard
  const rules = [...read(RULES).matchAll(/alert: (\w+)\n\s+expr: (?:\|\n)?([^]*?)\n\s+for:/g)]
  return [
    ...panels.flatMap(({ title, targets }) => targets.map(({ expr }): [string, string] => [title, expr])),
    ...templating.list.map(({ query }): [string, string] => ['variables', query]),
    ...rules.map(([, name = '', query = '']): [string, string] => [name, query]),
  ]
}

/** What gateways and workers show, with the labels of each; errors of Redis have none to show here. */
async function shown(): Promise<Map<string, Set<string>>> {
  const port = await freePort()
  const env = { HEALTH_PORT: String(port), METRICS_PUBLIC: 'yes' }
  const note = defineAction({ name: 'note', target: records('users'), run: () => undefined })
  await using system = await System.start({ actions: [note], env })
  await system.send('execute_action', { name: 'note', ids: [1] })
  const texts = [
    await (await system.get('/metrics')).text(),
    await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
  ]
  const metrics = new Map([['flexaction_redis_errors_total', new Set(['kind'])]])
  for (const { name, labels } of texts.flatMap(parseMetrics))
    metrics.set(name, new Set([...(metrics.get(name) ?? []), ...Object.keys(labels), 'instance', 'job']))
  return metrics
}

it('asks in the dashboard and in the alert rules for what there is, by labels that it has', async () => {
  const metrics = await shown()

  const asked = queries()
  expect(asked.length).toBeGreaterThan(25)
  const wrong = asked.flatMap(([where, query]) => {
    const selected = [...query.matchAll(/\b((?:flexaction|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)]
    const unknown = selected.flatMap(([, name = '', filters = '']) => {
      const labels = metrics.get(name)
      if (!labels) return [`${where}: ${name}`]
      const filtered = [...filters.matchAll(/(\w+)\s*=/g)].map(([, label = '']) => label)
      return filtered.filter((label) => !labels.has(label)).map((label) => `${where}: ${name}{${label}}`)
    })
    const known = new Set(selected.flatMap(([, name = '']) => [...(metrics.get(name) ?? [])]))
    const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, by = '']) => by.split(', '))
    return [...unknown, ...grouped.filter((label) => !known.has(label)).map((label) => `${where}: by ${label}`)]
  })
  expect(wrong).toEqual([])
})

it('has a runbook page for each alert, and no others', () => {
  const pages = [...read(RULES).matchAll(/alert: (\w+)\n[^]*?runbook: (\S+)/g)]

  for (const [, alert, page = ''] of pages) expect(read(page)).toMatch(new RegExp(`^# ${alert}\n`))
  expect(pages.map(([, , page]) => page).sort()).toEqual(
    readdirSync(new URL('docs/runbooks/', repository)).map((name) => `docs/runbooks/${name}`),
  )
})

const hasPromtool = spawnSync('promtool', ['--version']).status === 0

it.skipIf(!hasPromtool)(
  'has rules and queries that Prometheus understands, and alerts that fire when they should',
  () => {
    const promtool = (...args: string[]) =>
      spawnSync('promtool', args, { cwd: fileURLToPath(repository), encoding: 'utf8' })

    // Queries are sound as rules are.
    const folder = mkdtempSync(join(tmpdir(), 'flexaction-monitoring-'))
    const file = join(folder, 'queries.yml')
    const asRules = queries()
      .filter(([where]) => where !== 'variables')
      .map(([, query], at) => ({ record: `query:${at}`, expr: query.replaceAll('$__rate_interval', '5m') }))
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'queries', rules: asRules }] }))
    expect(promtool('check', 'rules', file)).toMatchObject({ status: 0, stderr: '' })
    rmSync(folder, { recursive: true })

    expect(promtool('check', 'rules', RULES)).toMatchObject({ status: 0, stderr: '' })
    expect(promtool('test', 'rules', 'deploy/monitoring/alerts.test.yml')).toMatchObject({ status: 0, stderr: '' })
  },
)
