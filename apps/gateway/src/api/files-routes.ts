import { FlexActionError } from '@flexaction/shared/errors'
import type { FileStore } from '@flexaction/shared/files'
import type Router from '@koa/router'
import { Readable } from 'node:stream'
import type { GatewayState } from '../http/context.js'
import { optionalText } from './query.js'

/** `GET /files/:id?expires=&signature=`: a file that a handler returned, for whoever has its address. */
export function addFilesRoute(router: Router<GatewayState>, files: FileStore): void {
  router.get('/files/:id', async (ctx) => {
    const expires = Number(optionalText(ctx.query, 'expires'))
    const file = await files.read(ctx.params.id ?? '', expires, optionalText(ctx.query, 'signature') ?? '')
    if (!file) throw new FlexActionError('not_found', 'There is no such file, or it is no longer kept (FILE_RETENTION)')
    ctx.status = 200
    // Never shown as a page of this host: what a handler wrote might be one.
    ctx.attachment(file.name)
    ctx.set('Content-Type', file.contentType)
    ctx.length = file.size
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.set('Content-Security-Policy', "default-src 'none'; sandbox")
    ctx.set('Cache-Control', 'private, no-store')
    const content = Readable.from(file.content)
    // Too late for another answer: the caller must not wait for the rest.
    content.on('error', () => ctx.res.destroy())
    ctx.body = content
  })
}
