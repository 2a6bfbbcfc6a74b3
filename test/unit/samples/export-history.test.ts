import { ActionError, type FileResult } from '@flexaction/shared'
import { describe, expect, test } from 'vitest'
import transfer from '../../../samples/dist/actions/account-transfer.js'
import exportHistory from '../../../samples/dist/actions/export-history.js'
import mailUsers from '../../../samples/dist/actions/mail-users.js'
import { call } from './call.js'
import { useSampleFolder } from './sample-folder.js'

useSampleFolder()
const params = { seconds_per_chapter: 0 }

describe('export_history', () => {
  test("compiles a user's mails, accounts and transfers", async () => {
    await call(mailUsers, { ids: [3], params: { subject: 'Hi' } }).result
    const payment = { account_from: 3, amount_from: '1.00', account_to: 6, amount_to: '1.00' }
    await call(transfer, { params: payment }).result

    const percents: number[] = []
    const { result } = call(exportHistory, { id: '3', params, onProgress: (percent) => percents.push(percent) })
    const { options } = (await result) as FileResult
    expect(options).toMatchObject({ name: 'user-3.json', type: 'application/json' })
    expect(percents).toEqual([20, 40, 60, 80, 100])
    expect(JSON.parse(options.content as string)).toMatchObject({
      user: [{ id: 3 }],
      mails: [{ subject: 'Hi' }],
      accounts: [{ id: 3 }],
      sent: [{ amount_from_cents: 100, account_to: 6 }],
      received: [],
    })
  })

  test('stops when the signal aborts', async () => {
    const abort = new AbortController()
    const { result } = call(exportHistory, { id: 3, params, signal: abort.signal, onProgress: () => abort.abort() })
    await expect(result).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('refuses a user that there is not', async () => {
    await expect(call(exportHistory, { id: '../3', params }).result).rejects.toThrow(new ActionError('No such user'))
  })
})
