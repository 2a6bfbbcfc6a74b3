// A bare Koa handler that answers the list of actions, as Koa's documentation writes it.
import Koa from 'koa'
import type { AddressInfo } from 'node:net'
import { serve } from '../lab/peer.js'

serve({
  listen: async (list: unknown[]) => {
    const app = new Koa()
    app.use((ctx) => {
      ctx.body = list
    })
    const server = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    return (server.address() as AddressInfo).port
  },
})
