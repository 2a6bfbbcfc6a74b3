import { z } from 'zod'
import { VERSION } from '../../version.js'
import { type DocumentedRoute, ROUTES } from './routes.js'
import * as schemas from './schemas.js'

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'The request is wrong',
  401: 'Not authenticated',
  403: 'Not permitted',
  404: 'Not found',
  409: 'The state does not allow it',
  413: 'The body is too large',
  415: 'Another content type',
  429: 'Too many requests, or too many wrong tokens; Retry-After says when to try again',
  500: 'The action failed unexpectedly',
  503: 'Redis is away, or too much is waiting; Retry-After says when to try again',
}

const DONE: Readonly<Record<number, string>> = {
  201: 'The run has ended: what the handler returned, or a summary',
  202: 'The run goes on: Location is its address',
}

/** The API as an OpenAPI 3.1 document, made from the schemas that requests are read by and answers are tested with. */
export function openApiDocument(apiPrefix: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of ROUTES) {
    const path = `${apiPrefix}${route.path.replaceAll(/:(\w+)/g, '{$1}')}${route.path === '' ? '/' : ''}`
    paths[path] = { ...paths[path], [route.method]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'FlexAction', version: VERSION, license: { name: 'MIT', identifier: 'MIT' } },
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        token: { type: 'apiKey', in: 'header', name: 'Authorization', description: '`Token <token>`' },
        session: { type: 'apiKey', in: 'cookie', name: 'flexaction_session' },
      },
    },
    security: [{ token: [] }, { session: [] }],
  }
}

function operation(route: DocumentedRoute) {
  const { path, method, summary, query, body, headers = {}, answers, alsoAnswers = [], needs } = route
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name)
  const parameters = [
    ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...queryParameters(query),
    ...Object.entries(headers).map(([name, description]) => ({
      name,
      in: 'header',
      description,
      schema: { type: 'string' },
    })),
  ]
  return {
    operationId: `${method}${path.replaceAll(/[^a-z]+(\w?)/gi, (_, letter: string) => letter.toUpperCase()) || 'Version'}`,
    summary,
    ...(needs === 'nothing' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: reference(body) } } } }),
    responses: Object.fromEntries<object>([
      ...[answers, ...alsoAnswers].map(([status, content]): [number, object] => [
        status,
        { description: DONE[status] ?? 'Done', ...(content && { content: contentOf(content) }) },
      ]),
      ...refusalsOf(route),
    ]),
  }
}

function refusalsOf({ needs, refusals = [], fieldErrors, jetErrors }: DocumentedRoute): [number, object][] {
  const statuses = new Set([
    ...(needs === 'nothing' || jetErrors ? [] : [401]),
    ...(needs === 'operator' || needs === 'admin' ? [403] : []),
    ...refusals,
    429,
    503,
  ])
  return [...statuses]
    .sort((a, b) => a - b)
    .map((status) => {
      const body = status === 400 && fieldErrors ? 'fieldErrors' : jetErrors ? 'jetError' : 'error'
      return [status, { description: REFUSALS[status], content: contentOf(body) }]
    })
}

function contentOf(content: string): Record<string, unknown> {
  return content.includes('/') ? { [content]: {} } : { 'application/json': { schema: reference(content) } }
}

function reference(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` }
}

function queryParameters(query: z.ZodObject | undefined): unknown[] {
  if (!query) return []
  const { properties = {} } = z.toJSONSchema(query, { io: 'output' })
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema as { description?: string }
    return { name, in: 'query', ...(description !== undefined && { description }), schema: rest }
  })
}

function componentSchemas(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id })
  const { schemas: made } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` })
  return Object.fromEntries(Object.entries(made).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema]))
}
