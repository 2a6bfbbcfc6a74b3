import { readdir, readFile } from 'node:fs/promises'
import { extname, join, posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GatewayContext, GatewayMiddleware } from '../http/context.js'

export const LOGIN_PATH = '/login'

/** Where the build of apps/console puts its files: beside this app, in the repository and in the image. */
const FOLDER = fileURLToPath(new URL('../../../console/dist', import.meta.url))

/** The console's own pages: each answers with the same document, and the page looks at the address. */
const PAGES = /^\/(?:login|actions(?:\/[^/]+)?|runs(?:\/[^/]+)?|records|workers|wire)?$/

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.woff2': 'font/woff2',
}

/** Where the page says by what people log in besides tokens, which prefix the API has, and what a proxy puts before all paths. */
const LOGIN_META = /(<meta name="flexaction-login" content=")[^"]*(")/
const API_PREFIX_META = /(<meta name="flexaction-api" content=")[^"]*(")/
const BASE_META = /(<meta name="flexaction-base" content=")[^"]*(")/
/** The page's own files, from the folder that it lies in: which is another for each of the console's addresses. */
const OWN_FILES = /( (?:src|href)=")\.\//g

interface ConsoleFile {
  type: string
  plain: Buffer
  br?: Buffer
  gzip?: Buffer
}

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>FlexAction</title>
<h1>FlexAction</h1>
<p>The gateway is running, but its console was not built. Build it with <code>pnpm build</code>, then start the gateway again.</p>
<p>The <a href="/queues">queue dashboard</a> works without it.</p>
</html>
`

/** The console's files, in memory, compressed when they were built. */
export class ConsoleFiles {
  private constructor(
    private readonly files: ReadonlyMap<string, ConsoleFile>,
    private readonly page: string | undefined,
    private readonly apiPrefix: string,
  ) {}

  /** `apiPrefix`: the page asks for the API there. `organisationLogin`: it offers the login of the organisation. */
  static async load(apiPrefix: string, organisationLogin: boolean, folder = FOLDER): Promise<ConsoleFiles> {
    const files = new Map<string, ConsoleFile>()
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const type = TYPES[extname(entry.name)]
      if (!entry.isFile() || type === undefined) continue
      const file = join(entry.parentPath, entry.name)
      const path = posix.join('/', relative(folder, file).split(sep).join('/'))
      const read = (suffix: string): Promise<Buffer | undefined> => readFile(file + suffix).catch(() => undefined)
      const [plain, br, gzip] = await Promise.all([readFile(file), read('.br'), read('.gz')])
      files.set(path, { type, plain, ...(br && { br }), ...(gzip && { gzip }) })
    }
    const page = files.get('/index.html')?.plain.toString()
    files.delete('/index.html')
    const told = page?.replace(LOGIN_META, organisationLogin ? '$1organisation$2' : '$1$2')
    return new ConsoleFiles(files, told, apiPrefix)
  }

  get built(): boolean {
    return this.page !== undefined
  }

  /** Whether it has a file or a page there. Neither holds anything but the program that asks the API. */
  has(path: string): boolean {
    return PAGES.test(path) || (path !== '/index.html' && this.files.has(path))
  }

  /** Answers what nobody before it has: the console's files and pages. */
  get serve(): GatewayMiddleware {
    return async (ctx, next) => {
      if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next()
      const file = this.files.get(ctx.path)
      if (file) {
        answerFile(ctx, file)
        return undefined
      }
      if (!PAGES.test(ctx.path)) return next()
      if (this.page === undefined) answerNotBuilt(ctx)
      else answerFile(ctx, { type: 'text/html; charset=utf-8', plain: this.#pageAt(this.page, ctx.state.base) })
      return undefined
    }
  }

  /** The page as it is behind a proxy that puts `base` before the gateway's paths. */
  #pageAt(page: string, base: string): Buffer {
    const told = page
      .replace(API_PREFIX_META, `$1${base}${this.apiPrefix}$2`)
      .replace(BASE_META, `$1${base}$2`)
      .replaceAll(OWN_FILES, `$1${base}/`)
    return Buffer.from(told)
  }
}

function answerNotBuilt(ctx: GatewayContext): void {
  ctx.status = 503
  ctx.type = 'html'
  ctx.body = NOT_BUILT
}

function answerFile(ctx: GatewayContext, file: ConsoleFile): void {
  // Files under /assets carry a hash of their content in their names: they never change.
  const hashed = ctx.path.startsWith('/assets/')
  ctx.set('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
  ctx.vary('Accept-Encoding')
  ctx.vary('X-Forwarded-Prefix')
  const encoding = ctx.acceptsEncodings('br', 'gzip', 'identity')
  const body = encoding === 'br' ? file.br : encoding === 'gzip' ? file.gzip : undefined
  if (body) ctx.set('Content-Encoding', encoding as string)
  ctx.status = 200
  ctx.type = file.type
  ctx.body = body ?? file.plain
}
