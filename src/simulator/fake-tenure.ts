import { createServer, type IncomingMessage, type Server } from 'node:http'

import type { TakenSms } from './phone-sms.ts'

type Event = { id: string; type: string; subject: string; data: Record<string, unknown> }
type Offer = { messageId: string; address: string; account: string }
type Answer = { status: number; body: Record<string, unknown> }

export type FakeTenureOptions = {
  /** Base address of the operator's systems. */
  systemsUrl(): string
  accountOf(msisdn: string): string
  sendSms(sms: TakenSms): void
  /** True carries the work of a clock call out in the opposite order. */
  backwards: boolean
  /** True drops the connection of every tenth request before it is read. */
  dropsConnections: boolean
}

/** Where it hears of pop-ups. */
export const DSTK_CALLBACK_PATH = '/callbacks/demo/dstk/secret'
const orders = '/tmf-api/productOrderingManagement/v4/productOrder'
const declined = new Set(['no_answer', 'refused', 'unreachable'])

/**
 * A tiny stand-in for the server, for this module's tests alone: it keeps events by id, and when a package is used up
 * it pushes a pop-up, falls back to an SMS, and orders on credit what is accepted. It knows no arms and no rules.
 */
export class FakeTenure {
  readonly events = new Map<string, Event>()
  readonly counts = { requests: 0, duplicates: 0, callbacks: 0, dials: 0, orders: 0, failedOrders: 0, sms: 0 }
  readonly #options: FakeTenureOptions
  readonly #server: Server
  readonly #offers = new Map<string, Offer>()
  #work: (() => Promise<void>)[] = []

  constructor(options: FakeTenureOptions) {
    this.#options = options
    this.#server = createServer(async (request, response) => {
      this.counts.requests++
      if (options.dropsConnections && this.counts.requests % 10 === 0) {
        request.socket.destroy()
        return
      }
      const body = await this.#answer(request.url ?? '', await textOf(request))
      response.setHeader('content-type', 'application/json')
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  }

  /** Listens on a free port; resolves with the base address. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    const address = this.#server.address()
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
  }

  async #answer(url: string, text: string): Promise<object | string> {
    if (url === '/v1/events') return this.#take(JSON.parse(text) as Event[])
    if (url === DSTK_CALLBACK_PATH) {
      return this.#callback(JSON.parse(text) as { messageId: string; event: string })
    }
    if (url === '/v1/channels/ussd') {
      this.counts.dials++
      return 'END ok'
    }
    const work = this.#options.backwards ? this.#work.toReversed() : this.#work
    this.#work = []
    while (work.length > 0) await Promise.all(work.splice(0, 8).map((task) => task()))
    return { nextDueAt: null }
  }

  #take(list: Event[]): object {
    const fresh = list.filter((event) => !this.events.has(event.id))
    for (const event of fresh) {
      this.events.set(event.id, event)
      if (!event.type.endsWith('data-exceeded')) continue
      const account = this.#options.accountOf(event.subject)
      this.#work.push(() => this.#push({ messageId: `message-${event.id}`, address: event.subject, account }))
    }
    this.counts.duplicates += list.length - fresh.length
    return { accepted: fresh.length, duplicates: list.length - fresh.length, rejected: [] }
  }

  #callback({ messageId, event }: { messageId: string; event: string }): object {
    this.counts.callbacks++
    const offer = this.#offers.get(messageId)!
    if (event === 'accepted') this.#work.push(() => this.#order(offer))
    if (declined.has(event)) {
      this.counts.sms++
      const text = 'Пакет закончился. 100 МБ 50 ₽ *111*100#, 200 МБ 80 ₽ *111*200#, 500 МБ 150 ₽ *111*500#'
      this.#options.sendSms({ address: offer.address, text, messageId: `sms-${messageId}` })
    }
    return {}
  }

  async #push(offer: Offer): Promise<void> {
    const { messageId, address } = offer
    this.#offers.set(messageId, offer)
    const choices = [{ id: 'data-200', label: 'OK' }]
    const body = { messageId, address, text: '200 МБ за 80 ₽ в долг. Нажмите OK', choices }
    await this.#ask('/v1/pushes', body, { 'idempotency-key': messageId })
  }

  async #order({ messageId, account }: Offer): Promise<void> {
    const externalId = `loan-${messageId}`
    const wish = { externalId, partyAccount: account, principalMinor: '8000', currency: 'RUB' }
    const loan = await this.#ask('/trust-payment/v1/loans', wish)
    const item = { id: '1', action: 'add', productOffering: { id: 'data-200' } }
    const order = {
      externalId: `order-${messageId}`,
      billingAccount: { id: account },
      productOrderItem: [item],
    }
    let done = await this.#ask(orders, order)
    if (done.status === 503) done = await this.#ask(orders, order)
    this.counts.orders++
    if (done.body['state'] === 'completed') return
    this.counts.failedOrders++
    if (loan.status === 201)
      await this.#ask(`/trust-payment/v1/loans/${String(loan.body['loanId'])}/cancel`, {})
  }

  async #ask(path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await fetch(this.#options.systemsUrl() + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
