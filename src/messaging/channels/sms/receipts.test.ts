import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeliveryReceipt } from '../../channel.ts'
import { encodePdu, makePdu, type Pdu } from './pdu.ts'
import { Receipts } from './receipts.ts'
import { ShortMessageView } from './short-message.ts'
import { hashOf, type LinkUser, Submission } from './submission.ts'

const address = '+79990000001'
const profile = { longText: 'udh', referenceBits: 8, alphabet: 'gsm' } as const

/** Receipts with a store that keeps or refuses, and the statuses that each unit was answered with. */
class Desk {
  readonly handedUp: DeliveryReceipt[] = []
  readonly answers = new Map<number, number[]>()
  keeps: (batch: DeliveryReceipt[]) => Promise<void> = async () => {}
  isOut = false
  readonly receipts: Receipts
  readonly #user: LinkUser
  #sequence = 0

  constructor(trackedMessages = 1_000) {
    this.#user = {
      open: 0,
      isStopping: false,
      whenIdle: [],
      events: {
        onReceipts: async (batch) => {
          await this.keeps(batch)
          this.handedUp.push(...batch)
        },
        onAnswer: async () => {},
        onAddressGone: async () => {},
      },
    }
    const options = { idForms: {}, errorReasons: {}, trackedMessages }
    this.receipts = new Receipts(
      options,
      () => this.isOut,
      () => this.#user,
    )
  }

  submission(parts: number, reference = 7): Submission {
    const text = 'я'.repeat(parts === 1 ? 1 : 67 * parts)
    const message = { messageId: `m${reference}`, address, text, reference, expiresAtMs: 1 }
    const made = new Submission(message, this.#user, { index: 0, order: 0, done: () => {} })
    made.cut(profile)
    return made
  }

  taken(partIds: string[], reference = 7): void {
    const submission = this.submission(partIds.length, reference)
    for (const partId of partIds) this.receipts.note(submission, partId, 0)
  }

  /** A receipt arrives; returns the sequence number of its unit. */
  tell(partId: string, stat = 'DELIVRD'): number {
    const sequence = ++this.#sequence
    const shortMessage = Buffer.from(`id:${partId} stat:${stat} err:000`)
    const unit = encodePdu(
      makePdu('deliver_sm', sequence, {
        source: '79990000001',
        sourceTon: 1,
        esmClass: 4,
        shortMessage,
      }) as Pdu,
    )
    const view = new ShortMessageView()
    view.read(unit, 0, unit.length)
    const respond = (answered: number, status: number): void =>
      void this.answers.set(answered, [...(this.answers.get(answered) ?? []), status])
    this.receipts.take(view, { respond }, 5, () => address)
    return sequence
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('receipts of parts and messages', () => {
  test('delivered when all parts are, once, in any order and however often told; each unit is answered once', async () => {
    const orders = fc
      .integer({ min: 1, max: 6 })
      .map((count) => Array.from({ length: count }, (_, index) => `p${index}`))
      .chain((ids) => fc.shuffledSubarray([...ids, ...ids], { minLength: ids.length * 2 }))
    await fc.assert(
      fc.asyncProperty(
        orders,
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        async (order, flushes) => {
          const desk = new Desk()
          const ids = [...new Set(order)]
          desk.taken(ids)
          for (const [index, partId] of order.entries()) {
            desk.tell(partId)
            if (flushes[index]) desk.receipts.flush()
            if (flushes[index]) await turn()
          }
          desk.receipts.flush()
          await turn()
          expect(desk.handedUp).toEqual([
            { providerMessageId: ids.join(','), messageId: 'm7', reference: 7, status: 'delivered', atMs: 5 },
          ])
          expect([...desk.answers.values()]).toEqual(order.map(() => [0]))
        },
      ),
    )
  })

  test('failed as soon as one part is; refused while it is not kept, and taken when it comes again', async () => {
    const desk = new Desk()
    desk.taken(['a', 'b'])
    desk.tell('a')
    desk.keeps = async () => {
      throw new Error('the store is away')
    }
    const first = desk.tell('b', 'UNDELIV')
    desk.receipts.flush()
    const doubled = desk.tell('b', 'UNDELIV')
    await turn()
    expect([desk.answers.get(first), desk.answers.get(doubled)]).toEqual([[0x64], [0x64]])
    desk.keeps = async () => {}
    const again = desk.tell('b', 'UNDELIV')
    desk.receipts.flush()
    await turn()
    expect(desk.answers.get(again)).toEqual([0])
    expect(desk.handedUp).toMatchObject([
      { providerMessageId: 'a,b', status: 'failed', reason: 'undelivered' },
    ])
  })

  test('a delivery outweighs an earlier failure, not the other way round; acceptance is no news', async () => {
    const desk = new Desk()
    desk.taken(['a'])
    for (const stat of ['ACCEPTD', 'EXPIRED', 'UNDELIV', 'DELIVRD', 'EXPIRED', 'DELIVRD']) {
      desk.tell('a', stat)
      desk.receipts.flush()
      await turn()
    }
    expect(desk.handedUp.map(({ status }) => status)).toEqual(['expired', 'delivered'])
  })

  test('one that overtakes the answer waits for it; where none is under way it goes up by itself', async () => {
    const desk = new Desk()
    desk.isOut = true
    const early = desk.tell('a')
    desk.receipts.flush()
    expect(desk.answers.get(early)).toBeUndefined()
    desk.taken(['a'])
    desk.isOut = false
    desk.receipts.answered(hashOf(address))
    const stray = desk.tell('old')
    desk.receipts.flush()
    await turn()
    expect(desk.handedUp).toEqual([
      { providerMessageId: 'a', messageId: 'm7', reference: 7, status: 'delivered', atMs: 5 },
      { providerMessageId: 'old', address, status: 'delivered', atMs: 5 },
    ])
    expect([desk.answers.get(early), desk.answers.get(stray)]).toEqual([[0], [0]])
  })

  test('a long message whose last answer comes after all its receipts is reported all the same', async () => {
    const desk = new Desk()
    const submission = desk.submission(2)
    desk.receipts.note(submission, 'a', 0)
    desk.tell('a')
    desk.isOut = true
    desk.tell('b')
    desk.receipts.note(submission, 'b', 0)
    desk.isOut = false
    desk.receipts.answered(hashOf(address))
    desk.receipts.flush()
    await turn()
    expect(desk.handedUp).toMatchObject([{ providerMessageId: 'a,b', status: 'delivered' }])
  })

  test('the oldest are forgotten beyond the capacity', async () => {
    const desk = new Desk(100)
    for (let n = 0; n < 1_000; n += 1) desk.taken([`${n}`], n)
    desk.tell('899')
    desk.tell('960')
    desk.receipts.flush()
    await turn()
    expect(desk.handedUp.map(({ messageId }) => messageId)).toEqual([undefined, 'm960'])
  })
})
