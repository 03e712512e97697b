import { DomainError } from '../../../platform/index.ts'
import type { DeliveryReceipt } from '../../channel.ts'
import { status } from './pdu-layout.ts'
import { canonicalId, ReceiptReader, type IdForms } from './receipt.ts'
import type { ShortMessageView } from './short-message.ts'
import { hashOfOctets, type LinkUser, type Submission } from './submission.ts'

/** Where a unit is answered: the connection that it came over. */
type Responder = { respond(sequence: number, commandStatus: number): void }

/** What is remembered of a message until its fate is known. */
type Tracked = {
  messageId: string
  reference: number
  user: LinkUser
  /** Ids of the parts of a long message. */
  partIds: string[] | undefined
  isWhole: boolean
  delivered: Set<string> | undefined
  /** What was handed up last and is durable. */
  final: DeliveryReceipt['status'] | undefined
  /** The hand-up that is being made durable, if one is. */
  batch: Batch | undefined
}

/** Receipts of one read of the socket, handed up together, and the units that are answered when they are durable. */
type Batch = {
  user: LinkUser
  receipts: DeliveryReceipt[]
  tracked: (Tracked | undefined)[]
  connections: Responder[]
  sequences: number[]
  /** Receipts that no unit stands for: nobody would offer them again. */
  orphans: DeliveryReceipt[]
}

/** A receipt for a message whose own answer has not come yet. */
type Held = {
  receipt: DeliveryReceipt
  partId: string
  connection: Responder
  sequence: number
}

export type ReceiptsOptions = {
  idForms: IdForms
  errorReasons: Record<string, string>
  /** How many parts are remembered for their receipts. */
  trackedMessages: number
}

const largestMap = 50_000
/** So many messages are remembered after they were delivered. */
const keptDelivered = 4_096
const orphanRetryMs = 1_000

/**
 * From the receipts of parts to those of messages: delivered when all parts are, failed or expired as soon as one
 * part is. A receipt may come twice, or before the answer to its message; the message is reported once. The memory is
 * bounded: the oldest are forgotten, those of one part soon after they were delivered, and receipts for what was forgotten
 * take the same path as after a restart (each part's receipt goes up by itself).
 */
export class Receipts {
  readonly #options: ReceiptsOptions
  readonly #isOut: (hash: number) => boolean
  readonly #strayUser: () => LinkUser | undefined
  readonly #reader: ReceiptReader
  /** What is remembered, the youngest first, in maps of a size that stays cheap to grow and to search. */
  readonly #remembered = [new Map<string, Tracked>()]
  readonly #mapSize: number
  /** The last ones that were delivered, in a ring. */
  readonly #delivered: string[] = []
  #deliveredAt = 0
  readonly #held = new Map<number, Held[]>()
  #batch: Batch | undefined

  /** `isOut`: whether a part for a destination waits for its answer. `strayUser`: who hears what nobody sent. */
  constructor(
    options: ReceiptsOptions,
    isOut: (hash: number) => boolean,
    strayUser: () => LinkUser | undefined,
  ) {
    this.#options = options
    this.#isOut = isOut
    this.#strayUser = strayUser
    this.#mapSize = Math.min(largestMap, options.trackedMessages / 2)
    this.#reader = new ReceiptReader(options.idForms, options.errorReasons)
  }

  /** Brings an id of an answer to the form that receipts are compared in. */
  idOf(partId: string): string {
    return canonicalId(partId, this.#options.idForms.response)
  }

  /** Notes a part that the peer took under this id. */
  note(submission: Submission, partId: string, nowMs: number): void {
    const { messageId, reference, user } = submission
    const isLong = submission.ends !== undefined
    let tracked = submission.tracked as Tracked | undefined
    if (tracked === undefined) {
      tracked = {
        messageId,
        reference,
        user,
        partIds: isLong ? [] : undefined,
        isWhole: !isLong,
        delivered: undefined,
        final: undefined,
        batch: undefined,
      }
      if (isLong) submission.tracked = tracked
    }
    if (this.#remembered[0]!.size >= this.#mapSize) {
      this.#remembered.unshift(new Map())
      if (this.#remembered.length * this.#mapSize > this.#options.trackedMessages) this.#remembered.pop()
    }
    this.#remembered[0]!.set(partId, tracked)
    if (tracked.partIds === undefined) return
    tracked.partIds.push(partId)
    tracked.isWhole = tracked.partIds.length === submission.parts
    if (isDelivered(tracked))
      this.#report(tracked, this.#about(tracked, partId, 'delivered', undefined, nowMs))
  }

  /** Takes a deliver_sm that is a receipt. `address` is made only for receipts that nothing here remembers. */
  take(view: ShortMessageView, connection: Responder, nowMs: number, addressOf: () => string): void {
    const reader = this.#reader
    const { sequence } = view
    if (!reader.read(view)) return connection.respond(sequence, status.ok)
    const { partId } = reader
    const tracked = this.#find(partId)
    if (tracked !== undefined) {
      this.#settle(tracked, partId, reader.status, reader.reason, nowMs, connection, sequence)
      return
    }
    const receipt: DeliveryReceipt = { status: reader.status, address: addressOf(), atMs: nowMs }
    if (partId !== '') receipt.providerMessageId = partId
    if (reader.reference !== undefined) receipt.reference = reader.reference
    if (reader.reason !== undefined) receipt.reason = reader.reason
    const hash = hashOfOctets(view.bytes, view.sourceAt, view.sourceEnd)
    const held = { receipt, partId, connection, sequence }
    if (!this.#isOut(hash)) this.#strayed(held)
    else {
      const others = this.#held.get(hash)
      if (others === undefined) this.#held.set(hash, [held])
      else others.push(held)
    }
  }

  /** A part for this destination has its answer, or will get none: receipts that waited for it go on. */
  answered(hash: number): void {
    if (this.#held.size === 0) return
    const waiting = this.#held.get(hash)
    if (waiting === undefined) return
    this.#held.delete(hash)
    const isOut = this.#isOut(hash)
    const still: Held[] = []
    for (const held of waiting) {
      const { receipt, partId, connection, sequence } = held
      const tracked = this.#find(partId)
      if (tracked !== undefined)
        this.#settle(tracked, partId, receipt.status, receipt.reason, receipt.atMs, connection, sequence)
      else if (isOut) still.push(held)
      else this.#strayed(held)
    }
    if (still.length > 0) this.#held.set(hash, still)
  }

  /** Hands up what one read of the socket brought; the peer is answered when it is durable. */
  flush(): void {
    const batch = this.#batch
    if (batch === undefined) return
    this.#batch = undefined
    const { events } = batch.user
    if (events === undefined) return this.#revert(batch, status.temporaryError)
    events.onReceipts(batch.receipts).then(
      () => this.#confirm(batch),
      (error: unknown) =>
        this.#revert(batch, error instanceof DomainError ? status.permanentError : status.temporaryError),
    )
  }

  #find(partId: string): Tracked | undefined {
    for (const map of this.#remembered) {
      const tracked = map.get(partId)
      if (tracked !== undefined) return tracked
    }
    return undefined
  }

  #settle(
    tracked: Tracked,
    partId: string,
    found: DeliveryReceipt['status'],
    reason: string | undefined,
    nowMs: number,
    connection: Responder,
    sequence: number,
  ): void {
    if (tracked.batch !== undefined) {
      // The same once more, while the first is being kept: answered together with it.
      tracked.batch.connections.push(connection)
      tracked.batch.sequences.push(sequence)
      return
    }
    if (found === 'delivered' && tracked.partIds !== undefined) (tracked.delivered ??= new Set()).add(partId)
    // Only what moves the message on is handed up: its acceptance is known, and a delivery outweighs a failure.
    const isNews =
      found === 'delivered'
        ? tracked.final !== 'delivered' && (tracked.partIds === undefined || isDelivered(tracked))
        : found !== 'accepted' && tracked.final === undefined
    if (!isNews) return connection.respond(sequence, status.ok)
    this.#report(tracked, this.#about(tracked, partId, found, reason, nowMs), connection, sequence)
  }

  #about(
    tracked: Tracked,
    partId: string,
    found: DeliveryReceipt['status'],
    reason: string | undefined,
    atMs: number,
  ): DeliveryReceipt {
    const receipt: DeliveryReceipt = {
      providerMessageId: tracked.partIds === undefined ? partId : tracked.partIds.join(','),
      messageId: tracked.messageId,
      reference: tracked.reference,
      status: found,
      atMs,
    }
    if (reason !== undefined) receipt.reason = reason
    return receipt
  }

  #strayed({ receipt, connection, sequence }: Held): void {
    const user = this.#strayUser()
    if (user === undefined) return connection.respond(sequence, status.temporaryError)
    this.#add(this.#batchFor(user), undefined, receipt, connection, sequence)
  }

  #report(tracked: Tracked, receipt: DeliveryReceipt, connection?: Responder, sequence = 0): void {
    const batch = this.#batchFor(tracked.user)
    tracked.batch = batch
    this.#add(batch, tracked, receipt, connection, sequence)
  }

  #add(
    batch: Batch,
    tracked: Tracked | undefined,
    receipt: DeliveryReceipt,
    connection: Responder | undefined,
    sequence: number,
  ): void {
    batch.receipts.push(receipt)
    batch.tracked.push(tracked)
    if (connection === undefined) {
      batch.orphans.push(receipt)
      return
    }
    batch.connections.push(connection)
    batch.sequences.push(sequence)
  }

  #batchFor(user: LinkUser): Batch {
    if (this.#batch !== undefined && this.#batch.user !== user) this.flush()
    this.#batch ??= { user, receipts: [], tracked: [], connections: [], sequences: [], orphans: [] }
    return this.#batch
  }

  #confirm(batch: Batch): void {
    for (const [i, tracked] of batch.tracked.entries()) {
      if (tracked === undefined) continue
      const { status: final, providerMessageId } = batch.receipts[i]!
      tracked.final = final
      tracked.batch = undefined
      if (final === 'delivered' && tracked.partIds === undefined) this.#forgetLater(providerMessageId!)
    }
    respond(batch, status.ok)
  }

  /** After "delivered" nothing but a repetition can come, and if it does, it comes soon. */
  #forgetLater(partId: string): void {
    const oldest = this.#delivered[this.#deliveredAt]
    if (oldest !== undefined) for (const map of this.#remembered) if (map.delete(oldest)) break
    this.#delivered[this.#deliveredAt] = partId
    this.#deliveredAt = (this.#deliveredAt + 1) % keptDelivered
  }

  #revert(batch: Batch, commandStatus: number): void {
    for (const tracked of batch.tracked) if (tracked !== undefined) tracked.batch = undefined
    respond(batch, commandStatus)
    if (batch.orphans.length === 0) return
    setTimeout(() => {
      for (const receipt of batch.orphans) {
        const tracked = this.#find(receipt.providerMessageId!.split(',')[0]!)
        if (tracked !== undefined && tracked.final !== 'delivered' && tracked.batch === undefined)
          this.#report(tracked, receipt)
      }
      this.flush()
    }, orphanRetryMs).unref()
  }
}

function respond({ connections, sequences }: Batch, commandStatus: number): void {
  for (let i = 0; i < connections.length; i += 1) connections[i]!.respond(sequences[i]!, commandStatus)
}

function isDelivered({ isWhole, partIds, delivered }: Tracked): boolean {
  return (
    isWhole && partIds !== undefined && delivered !== undefined && delivered.size === new Set(partIds).size
  )
}
