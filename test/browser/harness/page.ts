import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { type System, TOKENS } from '../../harness/system.js'
import { requireChromium } from './chromium.mjs'

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const DESKTOP = { width: 1280, height: 800 }
const WAIT_AT_MOST_MS = 45_000

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: requireChromium(), args: ARGUMENTS })
}

/** A person's browser window on a system's console. Notes whatever should not happen. */
export class Visitor implements AsyncDisposable {
  /** Errors of the page and of its scripts, and requests to other hosts. */
  readonly complaints: string[] = []

  private constructor(
    readonly page: Page,
    private readonly base: string,
  ) {
    const { host } = new URL(base)
    page.setDefaultTimeout(WAIT_AT_MOST_MS)
    page.on('pageerror', (error) => this.complaints.push(`script error: ${error.message}`))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(`console: ${message.text()}`)
    })
    page.on('request', (request) => {
      const url = new URL(request.url())
      if (!['data:', 'blob:'].includes(url.protocol) && url.host !== host)
        this.complaints.push(`asked another host: ${request.url()}`)
    })
  }

  static async open(browser: Browser, system: { url: string }, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: 'reduce', ...options })
    return new Visitor(await context.newPage(), system.url)
  }

  /** Opens a page of the console, logged in. */
  static async loggedIn(
    browser: Browser,
    system: System,
    path: string,
    { role = 'operator', ...options }: BrowserContextOptions & { role?: keyof typeof TOKENS } = {},
  ): Promise<Visitor> {
    const visitor = await Visitor.open(browser, system, options)
    await visitor.page.request.post(`${system.url}/api/session`, { data: { token: TOKENS[role] } })
    await visitor.go(path)
    return visitor
  }

  async go(path: string): Promise<void> {
    await this.page.goto(this.base + path)
  }

  /** What axe finds serious or critical on the page as it is now. */
  async barriers(): Promise<string[]> {
    await this.page.evaluate(AXE)
    const found = (await this.page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
      violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
    }
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
      )
  }

  /** Whether the page is wider than the window. */
  async overflows(): Promise<boolean> {
    return (await this.page.evaluate('document.documentElement.scrollWidth > window.innerWidth')) as boolean
  }

  /** Kept in docs/images when the tests are run with --screenshots. */
  async screenshot(name: string): Promise<void> {
    if (process.env.SCREENSHOTS) await this.page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) })
  }

  /** Complaints, but for failed requests that the test is about. */
  complaintsBut(expected: RegExp): string[] {
    return this.complaints.filter((complaint) => !expected.test(complaint))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
  }
}
