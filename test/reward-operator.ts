import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

type Fault = 'none' | 'error_before' | 'error_after' | 'reset_after'
type Asked = { externalId: string; account: string }

/**
 * An operator's billing and orders over HTTP that may lose answers. A repeated top-up of one external id is one top-up,
 * as TMF654 implementations do it; repeated orders are deliberately two.
 */
export class RewardOperator {
  readonly topups = new Map<string, Asked & { amount: string }>()
  readonly orders: (Asked & { id: string; product: string; state: string })[] = []
  fault: () => Fault = () => 'none'
  refuses: (account: string) => boolean = () => false
  isSlow: (account: string) => boolean = () => false
  #server: Server | undefined

  /** Begins to listen; answers the URL. */
  async listen(): Promise<string> {
    this.#server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      const fault = this.fault()
      if (fault === 'error_before') return void response.writeHead(503).end('{}')
      const url = new URL(request.url!, 'http://operator')
      const [status, body] = this.#answer(request.method!, url, text === '' ? {} : JSON.parse(text))
      if (fault === 'reset_after') return void request.socket.destroy()
      if (fault === 'error_after') return void response.writeHead(502).end('{}')
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    await new Promise<void>((resolve) => this.#server!.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server?.closeAllConnections()
    this.#server?.close()
  }

  #answer(method: string, url: URL, body: Record<string, unknown>): [number, unknown] {
    const externalId = String(body['externalId'])
    if (url.pathname.endsWith('/topupBalance')) {
      const { id: account } = body['partyAccount'] as { id: string }
      if (this.refuses(account)) return [201, { status: 'failed', reason: 'blocked' }]
      const { amount } = body['amount'] as { amount: number }
      this.topups.set(externalId, { externalId, account, amount: String(amount) })
      return [201, { status: 'completed' }]
    }
    if (method === 'GET') {
      const found = this.orders.filter((order) => order.externalId === url.searchParams.get('externalId'))
      for (const order of found) if (order.state === 'inProgress') order.state = 'completed'
      return [200, found]
    }
    const { id: account } = body['billingAccount'] as { id: string }
    const [item] = body['productOrderItem'] as { productOffering: { id: string } }[]
    const state = this.refuses(account) ? 'failed' : this.isSlow(account) ? 'inProgress' : 'completed'
    const order = {
      id: `order-${this.orders.length}`,
      externalId,
      account,
      product: item!.productOffering.id,
      state,
    }
    this.orders.push(order)
    return [201, order]
  }
}
