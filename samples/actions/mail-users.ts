import { createHash } from 'node:crypto'
import { type BulkContext, defineAction, field, type RecordId, records } from 'flexaction'
import { sampleDatabase } from '../lib/database.js'
import { isRefusedForGood, sampleMailer } from '../lib/mail.js'
import { findUser } from '../lib/users.js'

export default defineAction({
  name: 'mail_users',
  target: records('users', { bulk: true, batchSize: 100 }),
  params: { subject: field.char(), body: field.text({ required: false }) },
  retry: { attempts: 3, backoff: { type: 'exponential', delay: '1s' } },

  async run({ ids, params, ctx }) {
    // All are tried before the first trouble is thrown: a retry then concerns only the mails that did not go out.
    const mails = await Promise.allSettled(ids.map((id) => mailUser(id, params.subject, params.body ?? '', ctx)))
    ctx.signal.throwIfAborted()
    const trouble = mails.find((mail) => mail.status === 'rejected')
    if (trouble) throw trouble.reason
    return { result: true }
  },
})

async function mailUser(id: RecordId, subject: string, text: string, ctx: BulkContext): Promise<void> {
  const user = findUser(id)
  if (!user) return ctx.skip(id, 'no such user')

  const hash = createHash('sha256').update(`${ctx.idempotencyKey}:${user.id}`).digest('hex').slice(0, 32)
  const messageId = `<${hash}@flexaction.example.com>`
  if (isSent(messageId)) return ctx.succeed(id, { messageId })

  const fileName = `${ctx.run.createdAt.toISOString().replace(/[:.]/g, '-')}-${user.id}-${hash}.eml`
  const to = { name: user.name, address: user.email }
  try {
    await sampleMailer().send({ to, subject, text, messageId }, fileName, ctx.signal)
  } catch (error) {
    if (!isRefusedForGood(error)) throw error
    return ctx.fail(id, `refused by the mail server: ${error.response ?? error.message}`)
  }
  // A crash between these two steps sends this one mail again, under the same Message-ID and file name.
  recordSent(messageId, user.id, subject)
  ctx.succeed(id, { messageId })
}

function isSent(messageId: string): boolean {
  return sampleDatabase().prepare('SELECT 1 FROM mails WHERE message_id = ?').get(messageId) !== undefined
}

function recordSent(messageId: string, userId: number, subject: string): void {
  sampleDatabase()
    .prepare('INSERT INTO mails (message_id, user_id, subject, sent_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
    .run(messageId, userId, subject, new Date().toISOString())
}
