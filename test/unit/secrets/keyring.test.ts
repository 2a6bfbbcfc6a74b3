import { Keyring, parseDataKeys, UnreadableSecrets } from '@flexaction/shared/secrets'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const A = `a:${Buffer.alloc(32, 1).toString('base64')}`
const B = `b:${Buffer.alloc(32, 2).toString('base64')}`
const keyring = (DATA_KEY: string): Keyring => Keyring.from({ DATA_KEY, DATA_DIR: '/nowhere', NODE_ENV: 'production' })

it('encrypts under the first key, and decrypts under each', () => {
  const values = { password: 'hunter2', pin: 1234, nested: { key: ['ü', null] } }
  const before = keyring(A).seal('run 1', values)
  const after = keyring(`${B},${A}`)
  expect(before).toMatch(/^1\.a\.[\w-]+$/)
  expect(Buffer.from(before.split('.')[2] ?? '', 'base64url').includes('hunter2')).toBe(false)
  expect(after.open('run 1', before)).toEqual(values)
  expect(after.seal('run 1', values)).toMatch(/^1\.b\./)
  // The same values look different each time.
  expect(keyring(A).seal('run 1', values)).not.toBe(before)
})

it.each<[what: string, keys: string, about: string, change: (sealed: string) => string, text: RegExp]>([
  ['another run', A, 'run 2', (sealed) => sealed, /were changed, belong to something else/],
  [
    'a key that is gone',
    B,
    'run 1',
    (sealed) => sealed,
    /under the key 'a', which DATA_KEY of this worker does not hold/,
  ],
  ['another key of the same name', B.replace('b:', 'a:'), 'run 1', (sealed) => sealed, /the key 'a' of this worker/],
  ['another key id', `${A},${B}`, 'run 1', (sealed) => sealed.replace('1.a.', '1.b.'), /were changed/],
  ['one bit of it', A, 'run 1', (sealed) => flipped(sealed), /were changed/],
  ['a part of it', A, 'run 1', (sealed) => sealed.slice(0, 30), /were changed/],
  ['a shorter tag', A, 'run 1', () => `1.a.${Buffer.alloc(20).toString('base64url')}`, /were changed/],
  ['nothing of it', A, 'run 1', () => '', /a newer version/],
  ['a newer layout', A, 'run 1', (sealed) => sealed.replace('1.', '2.'), /a newer version/],
])('refuses to decrypt with %s', (_, keys, about, change, text) => {
  const sealed = change(keyring(A).seal('run 1', { password: 'hunter2' }))
  const open = (): unknown => keyring(keys).open(about, sealed)
  expect(open).toThrow(UnreadableSecrets)
  expect(open).toThrow(text)
  expect(open).not.toThrow(/hunter2/)
})

function flipped(sealed: string): string {
  const [layout, id, packed = ''] = sealed.split('.')
  const bytes = Buffer.from(packed, 'base64url')
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return `${layout}.${id}.${bytes.toString('base64url')}`
}

it('makes digests that need the key, and that outlive a new one', () => {
  const before = keyring(A).digest('the request')
  expect(before).toMatch(/^a\.[\w-]{43}$/)
  expect(keyring(B.replace('b:', 'a:')).digest('the request')).not.toBe(before)
  const rotated = keyring(`${B},${A}`)
  expect(rotated.digest('the request', before)).toBe(before)
  expect(rotated.digest('another request', before)).not.toBe(before)
  expect(rotated.digest('the request')).toMatch(/^b\./)
})

it.each([
  ['k1', /entry 1 is none/],
  [`${A},:${Buffer.alloc(32).toString('base64')}`, /entry 2 is none/],
  ['k1:c2hvcnQ=', /base64 of 32 bytes.*entry 1 does not/],
  [`k1:${'%'.repeat(44)}`, /entry 1 does not/],
  [`a:${Buffer.alloc(33).toString('base64')}`, /entry 1 does not/],
  [`${A},${A}`, /names one key id twice/],
])('refuses DATA_KEY %s, without quoting it', (text, problem) => {
  expect(() => parseDataKeys(text)).toThrow(problem)
  expect(() => parseDataKeys(text)).not.toThrow(/c2hvcnQ|%%/)
})

it('takes base64 with and without padding, and base64url', () => {
  const bytes = Buffer.alloc(32, 0xfb)
  const written = [bytes.toString('base64'), bytes.toString('base64').replaceAll('=', ''), bytes.toString('base64url')]
  expect(written.map((one) => parseDataKeys(`k:${one}`))).toEqual(written.map(() => [{ id: 'k', key: bytes }]))
  expect(parseDataKeys('')).toEqual([])
})

it('has none in production, and says so', () => {
  const none = keyring('')
  expect(none.canSeal()).toBe(false)
  expect(() => none.seal('run 1', {})).toThrow('secret values need DATA_KEY')
  expect(() => none.open('run 1', keyring(A).seal('run 1', {}))).toThrow("under the key 'a'")
})

it('makes one key in development when it is needed, which all processes find', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'flexaction-keys-'))
  try {
    const DATA_DIR = join(folder, 'data')
    const open = (): Keyring => Keyring.from({ DATA_KEY: '', DATA_DIR, NODE_ENV: 'development' })
    const early = open()
    expect(() => early.open('run 1', keyring(A).seal('run 1', {}))).toThrow(UnreadableSecrets)
    expect(await readdir(folder)).toEqual([])
    const sealed = open().seal('run 1', { pin: 1 })
    expect(early.open('run 1', sealed)).toEqual({ pin: 1 })
    expect(open().open('run 1', sealed)).toEqual({ pin: 1 })
    expect(await readdir(DATA_DIR)).toEqual(['data-key'])
    const file = join(DATA_DIR, 'data-key')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    // It can be given as DATA_KEY.
    expect(keyring((await readFile(file, 'utf8')).trim()).open('run 1', sealed)).toEqual({ pin: 1 })
    await writeFile(file, 'nonsense')
    expect(() => open().seal('run 1', {})).toThrow(`${file} must hold id:key entries`)
    expect(() => open().open('run 1', sealed)).toThrow(UnreadableSecrets)
  } finally {
    await rm(folder, { recursive: true })
  }
})
