import type { Case } from './cases.js'

const EXPOSED =
  '~^Content-Disposition,ETag,(.*,)?Location,(.*,)?Retry-After,(.*,)?X-Run-Id,X-Request-Id,X-Application-Warning$'

/** The headers that our own answers carry by rule (PROTOCOL.md sections 1 and 5): a case names only others. */
export function usualHeaders({ request, answer }: Case): Record<string, string> {
  const origin = request.headers?.origin
  return {
    'x-request-id': '~.',
    vary: 'Origin',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(answer.body !== '' && { 'content-type': 'application/json; charset=utf-8' }),
    ...(answer.body === '' && answer.status === 200 && { 'content-type': 'text/plain; charset=utf-8' }),
    ...([201, 202].includes(answer.status) && { location: '<run path>', 'x-run-id': '<run id>' }),
    ...(answer.status === 202 && { 'retry-after': '1' }),
    ...(typeof origin === 'string' && {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      ...(request.method !== 'OPTIONS' && { 'access-control-expose-headers': EXPOSED }),
    }),
  }
}
