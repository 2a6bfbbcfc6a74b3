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
  500: 'The action failed unexpectedly',
  503: 'Redis is away, or too much is waiting; Retry-After says when to try again',
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

function operation({ path, method, summary, query, body, answers, open, refusals = [] }: DocumentedRoute) {
  const [status, content] = answers
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name)
  const refused = [...new Set([...(open ? [] : [401]), ...refusals, 503])].sort((a, b) => a - b)
  const parameters = [
    ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...queryParameters(query),
  ]
  return {
    operationId: `${method}${path.replaceAll(/[^a-z]+(\w?)/gi, (_, letter: string) => letter.toUpperCase()) || 'Version'}`,
    summary,
    ...(open && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: reference(body) } } } }),
    responses: {
      [status]: { description: 'Done', ...(content && { content: contentOf(content) }) },
      ...Object.fromEntries(refused.map((one) => [one, { description: REFUSALS[one], content: contentOf('error') }])),
    },
  }
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
