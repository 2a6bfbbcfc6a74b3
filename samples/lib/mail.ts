import { join } from 'node:path'
import { createTransport, type NodemailerError } from 'nodemailer'
import { replaceFile } from './files.js'
import { sampleSettings } from './settings.js'

export interface Mail {
  to: { name: string; address: string }
  subject: string
  text: string
  messageId: string
}

interface Mailer {
  /** Delivers a mail. Where there is no SMTP server it becomes the file `fileName` in the outbox. */
  send(mail: Mail, fileName: string, signal: AbortSignal): Promise<void>
  close(): void
}

let shared: Mailer | undefined

/** This process's way to send mails: the server that SMTP_URL names, or else .eml files in DATA_DIR/outbox. */
export function sampleMailer(): Mailer {
  const { smtpUrl, mailFrom, outboxDir } = sampleSettings()
  shared ??= smtpUrl ? smtpMailer(smtpUrl, mailFrom) : outboxMailer(outboxDir, mailFrom)
  return shared
}

/** Closes the connections of {@link sampleMailer}; its next call opens anew. */
export function closeSampleMailer(): void {
  shared?.close()
  shared = undefined
}

/** True when the server will not take this mail however often it is sent; false for an outage, a timeout, or "try later". */
export function isRefusedForGood(error: unknown): error is NodemailerError {
  if (!(error instanceof Error)) return false
  const { code, permanent } = error as NodemailerError
  // A wrong password is answered "permanent" too, but that is the operator's trouble and not this recipient's.
  return (code === 'EENVELOPE' || code === 'EMESSAGE') && permanent !== false
}

function smtpMailer(url: string, from: string): Mailer {
  const transport = createTransport({ url, pool: true }, { from })
  return {
    async send(mail, _fileName, signal) {
      await transport.sendMail({ ...mail, signal })
    },
    close: () => transport.close(),
  }
}

function outboxMailer(directory: string, from: string): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' }, { from })
  return {
    async send(mail, fileName, signal) {
      const sent = await transport.sendMail({ ...mail, signal })
      // `buffer: true` above makes it a Buffer and not a stream.
      await replaceFile(join(directory, fileName), sent.message as Buffer)
    },
    close: () => transport.close(),
  }
}
