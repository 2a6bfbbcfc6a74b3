import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerAddress } from 'smtp-server'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import mailUsers from '../../../samples/dist/actions/mail-users.js'
import { sampleDatabase } from '../../../samples/dist/lib/database.js'
import { closeSampleMailer } from '../../../samples/dist/lib/mail.js'
import { call } from './call.js'
import { parseMail } from './parse-mail.js'
import { useSampleFolder } from './sample-folder.js'

const folder = useSampleFolder()
const params = { subject: 'Grüße aus Zürich – 你好', body: 'Line one\nLine two' }

describe('mail_users without SMTP_URL', () => {
  test('writes one .eml file per user', async () => {
    const { result, settled } = call(mailUsers, { ids: [1, '2', 3], params })
    expect(await result).toEqual({ result: true })
    expect([...settled.values()].map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded'])

    const files = readdirSync(join(folder.path, 'outbox'))
    expect(files).toHaveLength(3)
    expect(files[0]).toMatch(/^2026-03-04T05-06-07-890Z-1-[0-9a-f]{32}\.eml$/)
    const { headers, body } = parseMail(readOutbox()[0] ?? '')
    expect(headers).toMatchObject({
      from: 'FlexAction <no-reply@example.com>',
      to: `${nameOf(1)} <bjorn.brown.1@example.org>`,
      subject: params.subject,
      'message-id': expect.stringMatching(/^<[0-9a-f]{32}@flexaction\.example\.com>$/),
    })
    expect(settled.get(1)?.detail).toEqual({ messageId: headers['message-id'] })
    expect(body.trimEnd()).toBe('Line one\r\nLine two')
  })

  test('sends without a body', async () => {
    await call(mailUsers, { ids: [1], params: { subject: 'Hi' } }).result
    expect(parseMail(readOutbox()[0] ?? '').headers.subject).toBe('Hi')
  })

  test('skips users that there are not, and mails the others', async () => {
    const { result, settled } = call(mailUsers, { ids: [999_999, 'x', 1], params })
    await result
    expect(settled.get(999_999)).toEqual({ state: 'skipped', detail: 'no such user' })
    expect(settled.get('x')).toEqual({ state: 'skipped', detail: 'no such user' })
    expect(settled.get(1)?.state).toBe('succeeded')
    expect(readOutbox()).toHaveLength(1)
  })

  test('overwrites instead of doubling, even if the first attempt died before it was recorded', async () => {
    const ids = [1, 2]
    await call(mailUsers, { ids, params, idempotencyKey: 'k' }).result
    const before = readdirSync(join(folder.path, 'outbox'))
    sampleDatabase().exec('DELETE FROM mails')
    await call(mailUsers, { ids, params, idempotencyKey: 'k' }).result
    expect(readdirSync(join(folder.path, 'outbox'))).toEqual(before)
    await call(mailUsers, { ids, params, idempotencyKey: 'another run' }).result
    expect(readOutbox()).toHaveLength(4)
  })

  test('lets no subject add headers', async () => {
    const subject = 'Hello\r\nBcc: victim@example.com\n\nGet rich'
    await call(mailUsers, { ids: [1], params: { subject, body: 'text' } }).result
    const { headers, body } = parseMail(readOutbox()[0] ?? '')
    expect(headers).not.toHaveProperty('bcc')
    expect(headers.subject).toBe('Hello Bcc: victim@example.com  Get rich')
    expect(body.trimEnd()).toBe('text')
  })
})

describe('mail_users with SMTP_URL', () => {
  test('sends over SMTP and fails only the refused recipient', async () => {
    const server = await startServer(({ address }) => (address.includes('.2@') ? reply(550, 'No such mailbox') : null))
    const { result, settled } = call(mailUsers, { ids: [1, 2, 3], params })
    await result
    expect(settled.get(1)?.state).toBe('succeeded')
    expect(settled.get(2)).toEqual({ state: 'failed', detail: 'refused by the mail server: 550 No such mailbox' })
    expect(settled.get(3)?.state).toBe('succeeded')
    expect(new Set(server.mails.map(({ to }) => to))).toEqual(
      new Set(['bjorn.brown.1@example.org', 'dmitri.dubois.3@example.org']),
    )
    expect(server.mails).toHaveLength(2)
    expect(parseMail(server.mails[0]?.content ?? '').headers.subject).toBe(params.subject)
  })

  test('throws when the server says "later", and the retry sends only what is missing', async () => {
    let busy = true
    const server = await startServer(({ address }) =>
      busy && address.includes('.2@') ? reply(451, 'Try again later') : null,
    )
    const first = call(mailUsers, { ids: [1, 2, 3], params, idempotencyKey: 'k' })
    await expect(first.result).rejects.toThrow('451 Try again later')
    expect(new Set(first.settled.keys())).toEqual(new Set([1, 3]))

    busy = false
    const second = call(mailUsers, { ids: [1, 2, 3], params, idempotencyKey: 'k' })
    await second.result
    expect([...second.settled.values()].every(({ state }) => state === 'succeeded')).toBe(true)
    expect(server.mails).toHaveLength(3)
  })

  test('throws when there is no server', async () => {
    const server = await startServer(() => null)
    await server.stop()
    const { result, settled } = call(mailUsers, { ids: [1], params })
    await expect(result).rejects.toThrow('ECONNREFUSED')
    expect(settled.size).toBe(0)
  })

  test('stops when the signal aborts in the middle of a delivery', async () => {
    const abort = new AbortController()
    await startServer(() => {
      abort.abort(new Error('cancelled'))
      return 'silence'
    })
    const { result, settled } = call(mailUsers, { ids: [1, 2, 3], params, signal: abort.signal })
    await expect(result).rejects.toThrow('cancelled')
    expect(settled.size).toBe(0)
  })
})

type Verdict = Error | null | 'silence'

/** A mail server on the loopback, to which SMTP_URL points until the test is over. */
async function startServer(judge: (recipient: SMTPServerAddress) => Verdict) {
  const mails: { to: string | undefined; content: string }[] = []
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo(recipient, _session, callback) {
      const verdict = judge(recipient)
      if (verdict !== 'silence') callback(verdict)
    },
    onData(stream, session, callback) {
      text(stream).then((content) => {
        mails.push({ to: session.envelope.rcptTo[0]?.address, content })
        callback()
      }, callback)
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  vi.stubEnv('SMTP_URL', `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`)
  const stop = async () => {
    closeSampleMailer()
    await new Promise<void>((resolve) => server.close(resolve))
  }
  onTestFinished(stop)
  return { mails, stop }
}

function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}

function readOutbox(): string[] {
  const outbox = join(folder.path, 'outbox')
  return readdirSync(outbox).map((file) => readFileSync(join(outbox, file), 'utf8'))
}

function nameOf(id: number): string {
  return (sampleDatabase().prepare('SELECT name FROM users WHERE id = ?').get(id) as { name: string }).name
}
