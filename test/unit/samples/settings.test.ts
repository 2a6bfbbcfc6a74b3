import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSampleSettings } from '../../../samples/dist/lib/settings.js'

describe('the settings of the samples', () => {
  test('have defaults below .data', () => {
    expect(readSampleSettings({})).toEqual({
      databaseFile: resolve('.data/sample.db'),
      smtpUrl: undefined,
      mailFrom: 'FlexAction <no-reply@example.com>',
      outboxDir: resolve('.data/outbox'),
      exportsDir: resolve('.data/exports'),
    })
  })

  test('follow DATA_DIR', () => {
    const settings = readSampleSettings({ DATA_DIR: 'elsewhere' })
    expect(settings.databaseFile).toBe(resolve('elsewhere/sample.db'))
    expect(settings.outboxDir).toBe(resolve('elsewhere/outbox'))
  })

  test('take a database file in each spelling', () => {
    const file = join(resolve('/'), 'var', 'my data.db')
    expect(readSampleSettings({ DATABASE_URL: 'file:my.db' }).databaseFile).toBe(resolve('my.db'))
    expect(readSampleSettings({ DATABASE_URL: `file:${file}` }).databaseFile).toBe(file)
    expect(readSampleSettings({ DATABASE_URL: 'file:///var/my%20data.db' }).databaseFile).toBe(file)
  })

  test('report all that is wrong at once, and no secret', () => {
    const read = () =>
      readSampleSettings({
        DATABASE_URL: 'postgres://app:s3cret/@db.example.com/shop?password=s3cret',
        SMTP_URL: 'https://me:s3cret@mail.example.com',
        SMTP_FROM: 'Jane',
      })
    expect(read).toThrow(
      [
        'The sample actions cannot start:',
        'DATABASE_URL: received postgres://***@db.example.com/shop?***, expected file:<path>, such as file:.data/sample.db',
        'SMTP_URL: received https://***@mail.example.com, expected smtp://host:port or smtps://user:password@host:port',
        'SMTP_FROM: received Jane, expected an address, such as Jane Doe <jane@example.com>',
      ].join('\n'),
    )
  })

  test.each(['sample.db', 'file:', 'file://host/sample.db', 'libsql:s3cret@host'])('refuse DATABASE_URL %s', (url) => {
    expect(() => readSampleSettings({ DATABASE_URL: url })).toThrow(/^The sample actions.*\n(?!.*s3cret)DATABASE_URL: /)
  })
})
