import { ActionError, type FileOptions, result } from '@flexaction/shared'
import { expect, it } from 'vitest'

/** What plain JavaScript may pass, in place of what the type says. */
const any = (value: unknown): never => value as never
async function* parts() {
  yield await Promise.resolve('a')
}

it('makes messages, redirects and refreshes', () => {
  expect(result.message('')).toStrictEqual({ type: 'message', message: '' })
  expect(result.redirect('https://example.com/5?a=b')).toStrictEqual({
    type: 'redirect',
    url: 'https://example.com/5?a=b',
  })
  expect(result.redirect('/users/5')).toStrictEqual({ type: 'redirect', url: '/users/5' })
  expect(result.refresh([])).toStrictEqual({ type: 'refresh', models: [] })
})

it.each<[make: () => unknown, message: string]>([
  [() => result.message(any(5)), 'a message must be text, received 5'],
  [() => result.message(any(undefined)), 'a message must be text, received nothing'],
  [() => result.refresh(any('users')), 'what is to be refreshed must be a list of collections, received "users"'],
  [() => result.refresh(any([5])), 'what is to be refreshed must be a list of collections, received a list'],
  ...['javascript:alert(1)', '//example.com', '/\\example.com', 'users', '', 'data:text/html,x'].map(
    (url): [() => unknown, string] => [
      () => result.redirect(url),
      `'${url}' is no address to go to: give an http(s) address, or a path`,
    ],
  ),
])('refuses what cannot be one: %s', (make, message) => {
  expect(make).toThrow(new TypeError(message))
})

it.each<[FileOptions, string]>([
  [any({ content: '' }), "a file's name must be text that is not empty, received nothing"],
  [{ name: '', content: '' }, 'a file\'s name must be text that is not empty, received ""'],
  [{ name: 'a' }, "the file 'a' needs either content or a stream"],
  [{ name: 'a', content: '', stream: parts() }, "the file 'a' needs either content or a stream"],
  [any({ name: 'a', content: 5 }), "the file 'a' must have text or bytes as its content, received 5"],
  [any({ name: 'a', stream: ['x'] }), "the file 'a' must have a stream of text or bytes, received a list"],
  [{ name: 'a', type: 'csv', content: '' }, `the file 'a' must have a type like text/csv, received "csv"`],
  [
    { name: 'a', type: 'text/csv\r\nSet-Cookie: a=b', content: '' },
    `the file 'a' must have a type like text/csv, received "text/csv\\r\\nSet-Cookie: a=b"`,
  ],
])('refuses what makes no file: %o', (options, message) => {
  expect(() => result.file(options)).toThrow(new TypeError(message))
})

it('takes any media type, with parameters', () => {
  for (const type of ['text/csv', 'application/vnd.ms-excel', 'image/svg+xml', 'text/plain; charset=utf-8'])
    expect(result.file({ name: 'a', type, content: new Uint8Array(1) }).options.type).toBe(type)
})

it('cannot be written as JSON inside of another result: its content would be shown', () => {
  expect(() => JSON.stringify({ report: result.file({ name: 'a.txt', content: 'secret' }) })).toThrow(
    new ActionError("the file 'a.txt' stands inside of another result: return it alone, or give it to ctx.succeed"),
  )
})
