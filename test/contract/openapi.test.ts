import { readCases } from '@flexaction/conformance'
import { openApiDocument } from '@flexaction/gateway/api/openapi/document'
import { ROUTES } from '@flexaction/gateway/api/openapi/routes'
import * as schemas from '@flexaction/gateway/api/openapi/schemas'
import { ActionError, defineAction, defineCollection, records } from '@flexaction/shared'
import { Validator } from '@seriousme/openapi-schema-validator'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { System } from '../harness/system.js'

let system: System

beforeAll(async () => {
  const touch = defineAction({
    name: 'touch',
    target: records('users'),
    run: ({ id, ctx }) => {
      ctx.log('touched')
      if (id === 2) throw new ActionError('no')
      return { touched: id }
    },
  })
  const users = defineCollection({ name: 'users', list: () => ({ records: [{ id: 1, label: 'Ada' }], next: '1' }) })
  system = await System.start({ actions: [touch], collections: [users], shared: true })
})
afterAll(() => system.stop())

const get = async (path: string): Promise<unknown> => (await system.get(`/api${path}`)).json()

it('is a valid OpenAPI 3.1 document', async () => {
  const answer = await fetch(`${system.url}/api/openapi.json`)
  const validator = new Validator()

  const outcome = await validator.validate((await answer.json()) as Parameters<Validator['validate']>[0])

  expect(outcome).toEqual({ valid: true })
  expect(validator.version).toBe('3.1')
})

it('holds every route of the API, and no others', () => {
  const folder = new URL('../../apps/gateway/src/', import.meta.url)
  const sources = [
    'http/app.ts',
    ...readdirSync(new URL('api/', folder)).flatMap((name) => (name.endsWith('.ts') ? [`api/${name}`] : [])),
  ]
  const declared = sources.flatMap((source) => {
    const text = readFileSync(new URL(source, folder), 'utf8')
    return [...text.matchAll(/\b(?:router|signed)\.(get|post|delete)\(\s*['`]([^'`]+)/g)].flatMap(
      ([, method, path = '']) =>
        path.includes('${word}')
          ? [...text.matchAll(/^ {2}route\('([\w-]+)'/gm)].map(
              ([, word]) => `${method} ${path.replace('${word}', word ?? '')}`,
            )
          : [`${method} ${path}`],
    )
  })
  // These two are served with and without prefixes and slashes, by hand.
  const all = [...declared, 'get ', 'post /messages']

  expect(ROUTES.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(all.sort())
})

it('describes what is really answered', async () => {
  const sent = await system.send('execute_action', { name: 'touch', ids: [1, 2, 3] })
  const id = sent.headers.get('x-run-id') ?? ''
  await system.steer(id, 'retry')
  await system.runIn(['completed_with_failures'], id)

  schemas.run.parse(await get(`/runs/${id}`))
  schemas.runsPage.parse(await get('/runs'))
  const { items } = schemas.itemsPage.parse(await get(`/runs/${id}/items`))
  expect(items[1]?.former?.length).toBe(1)
  schemas.runInput.parse(await get(`/runs/${id}/input`))
  schemas.itemLog.parse(await get(`/runs/${id}/log?record=1`))
  schemas.actions.parse(await get('/actions'))
  schemas.workers.parse(await get('/workers'))
  schemas.scale.parse(await get('/scale'))
  schemas.history.parse(await get('/history?span=day'))
  schemas.collections.parse(await get('/collections'))
  schemas.recordsPage.parse(await get('/collections/users/records'))
  schemas.wire.parse(await get('/wire'))
  schemas.session.parse(await get('/session'))
  schemas.version.parse(await get('/'))
  schemas.error.parse(await get('/runs/nothing'))
})

it('refuses wrong parameters with all that is wrong with them', async () => {
  expect(await get('/runs?state=done&limit=0&limit=1')).toEqual({
    detail: 'limit: give it once, received 2 values',
    code: 'bad_request',
  })
  expect(await get('/runs/x/items?state=done&limit=5000')).toEqual({
    detail:
      "state: 'done' is not allowed; allowed are waiting, active, succeeded, failed, skipped, cancelled, expired; " +
      "limit: '5000' is not allowed; it must be a whole number from 1 to 1000",
    code: 'bad_request',
  })
})

it('describes the messages as the protocol has them: every request that is answered, and every answer', () => {
  const { paths } = openApiDocument('/api') as { paths: Record<string, { post: { responses: object } }> }
  const documented = Object.keys(paths['/api/messages']?.post.responses ?? {})
  const exchanges = readCases()
    .flatMap(({ cases }) => cases)
    .filter(({ request: { method = 'POST', path = '/messages' } }) => method === 'POST' && path.includes('/messages'))
  const seen = new Set<string>()
  for (const { name, request, answer } of exchanges) {
    const { status, body } = answer
    seen.add(String(status))
    const isJson = request.headers?.['content-type'] === undefined
    if (status < 300 && isJson)
      schemas.message.parse(
        request.message ? { name: request.message[0], params: request.message[1] } : JSON.parse(request.raw ?? ''),
        { error: () => name },
      )
    if (status === 400) schemas.fieldErrors.parse(body)
    if (status > 400) schemas.jetError.parse(body)
  }
  expect(exchanges.length).toBeGreaterThan(200)
  expect([...seen].filter((status) => !documented.includes(status))).toEqual([])
  // These take more than one exchange: a key that is used again, a body of megabytes, and many requests.
  expect(documented.filter((status) => !seen.has(status))).toEqual(['409', '413', '429'])
})

it('describes a login that is refused', async () => {
  const login = async (body: string): Promise<Response> =>
    fetch(`${system.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: system.url },
      body,
    })
  const none = await login('{}')
  expect([none.status, schemas.fieldErrors.parse(await none.json())]).toEqual([
    400,
    { token: ['this field is required'] },
  ])
  const wrong = await login('{"token":"wrong"}')
  expect([wrong.status, schemas.fieldErrors.parse(await wrong.json())]).toEqual([
    400,
    { token: ['is not known: check AUTH_TOKENS, or the line that `npm start` printed'] },
  ])
})
