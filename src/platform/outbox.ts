import { bigintArray, intArray, isUuid, uuidArray } from './binary-arrays.ts'
import type { Tx } from './database.ts'
import { json } from './json.ts'

/**
 * Something that happened and that insights will count. Written in the same transaction as the state it
 * reports, so a fact exists exactly when the state does.
 */
export type Fact = {
  kind: string
  at: Temporal.Instant
  subscriberId: number
  campaignId?: string
  arm?: string
  channel?: string
  productId?: string
  reason?: string
  /** What the fact speaks of: a message, an activation, an enrolment. */
  ref?: string
  amountMinor?: bigint
  costMinor?: bigint
  quantity?: number
  attributes?: object
}

/** `seq` orders the facts of a transaction: the row's number, and below it the place in the row. */
export type StoredFact = Fact & { txid: bigint; seq: bigint }

/** Facts in one row, at most; their places fit the lower bits of `seq`. */
const ROW_FACTS = 50_000
const PLACE_BITS = 20n

/** A fact as the outbox keeps it; the places are those of the view platform.fact. */
type PackedFact = [
  kind: string,
  atMs: number,
  subscriberId: number,
  campaignId: string | null,
  arm: string | null,
  channel: string | null,
  productId: string | null,
  reason: string | null,
  ref: string | null,
  amountMinor: string | null,
  costMinor: string | null,
  quantity: number | null,
  attributes: object | null,
]

/** What many facts of one call have in common; as JSON once, and each fact names its own by its place. */
type Form = [
  kind: string,
  campaignId: string | null,
  arm: string | null,
  channel: string | null,
  productId: string | null,
  reason: string | null,
  amountMinor: string | null,
  costMinor: string | null,
  quantity: number | null,
]

/** Below this many facts columns save nothing. */
const WORTH_COLUMNS = 16

/** Adds facts to the outbox within the caller's transaction, all of them as one row. */
export async function appendFacts(tx: Tx, facts: Fact[]): Promise<void> {
  for (let from = 0; from < facts.length; from += ROW_FACTS) {
    const part = facts.slice(from, from + ROW_FACTS)
    const columns = part.length < WORTH_COLUMNS ? undefined : columnsOf(part)
    if (columns) columns.append(tx)
    else
      tx.execute(
        `insert into platform.outbox (tenant_id, count, facts) values (current_setting('tenure.tenant_id'), $1, $2)`,
        [part.length, JSON.stringify(part.map(pack))],
      )
  }
}

/** Facts by column; undefined where one of them has more to say than there is a column for. */
function columnsOf(facts: Fact[]): FactColumns | undefined {
  const columns = new FactColumns()
  let at: Temporal.Instant | undefined
  let ms = 0
  for (const fact of facts) {
    if (fact.attributes !== undefined || (fact.ref !== undefined && !isUuid(fact.ref))) return undefined
    // The moments of a batch are mostly one, and the same object.
    if (fact.at !== at) ms = (at = fact.at).epochMilliseconds
    columns.add(fact, ms, fact.subscriberId, fact.ref ?? null)
  }
  return columns
}

/** What a fact may have in common with others. */
export type FactForm = Omit<Fact, 'at' | 'subscriberId' | 'ref' | 'attributes'>

/** Facts as columns from the beginning, for whoever has so many of them that each object counts. */
export class FactColumns {
  #forms = new Forms()
  #formOf: number[] = []
  #atMs: number[] = []
  #subscriberIds: number[] = []
  #refs: (string | null)[] = []

  /** Adds a fact; `ref` must be a UUID in small letters. */
  add(form: FactForm, atMs: number, subscriberId: number, ref: string | null): void {
    this.#formOf.push(this.#forms.of(form))
    this.#atMs.push(atMs)
    this.#subscriberIds.push(subscriberId)
    this.#refs.push(ref)
  }

  /** Adds them to the outbox within the caller's transaction, as `appendFacts` does. */
  append(tx: Tx): void {
    for (let from = 0; from < this.#formOf.length; from += ROW_FACTS) {
      const to = Math.min(this.#formOf.length, from + ROW_FACTS)
      const cut = <T>(all: T[]): T[] => (to - from === all.length ? all : all.slice(from, to))
      tx.execute(
        `insert into platform.outbox (tenant_id, count, forms, form_of, at_ms, subscriber_ids, refs)
         values (current_setting('tenure.tenant_id'), $1, $2, $3, $4, $5, $6)`,
        [
          to - from,
          JSON.stringify(this.#forms.all),
          intArray(cut(this.#formOf)),
          bigintArray(cut(this.#atMs)),
          intArray(cut(this.#subscriberIds)),
          uuidArray(cut(this.#refs)),
        ],
      )
    }
  }
}

/** The different forms of a batch. Neighbours mostly have one of the last few, found by comparing; else by their text. */
class Forms {
  readonly all: Form[] = []
  readonly #byText = new Map<string, number>()
  readonly #recent = new Map<string, { form: FactForm; place: number }>()

  of(given: FactForm): number {
    const recent = this.#recent.get(given.kind)
    if (recent && isSameForm(recent.form, given)) return recent.place
    const form = formOf(given)
    const text = JSON.stringify(form)
    let place = this.#byText.get(text)
    if (place === undefined) {
      place = this.all.length
      this.all.push(form)
      this.#byText.set(text, place)
    }
    this.#recent.set(given.kind, { form: { ...given }, place })
    return place
  }
}

function isSameForm(a: FactForm, b: FactForm): boolean {
  return (
    a.campaignId === b.campaignId &&
    a.arm === b.arm &&
    a.channel === b.channel &&
    a.reason === b.reason &&
    a.costMinor === b.costMinor &&
    a.quantity === b.quantity &&
    a.productId === b.productId &&
    a.amountMinor === b.amountMinor
  )
}

function formOf(fact: FactForm): Form {
  return [
    fact.kind,
    fact.campaignId ?? null,
    fact.arm ?? null,
    fact.channel ?? null,
    fact.productId ?? null,
    fact.reason ?? null,
    fact.amountMinor?.toString() ?? null,
    fact.costMinor?.toString() ?? null,
    fact.quantity ?? null,
  ]
}

/**
 * Facts behind a position, in order of (transaction, sequence): those of whole rows, at least `limit` of them where
 * there are so many. Sequence numbers are drawn before commit, so a lower number may become visible later; only
 * transactions older than every running one are read, which makes the position safe to keep (PostgreSQL 18 manual,
 * §9.28.10 "Transaction ID and Snapshot Information").
 */
export async function readFacts(
  tx: Tx,
  after: { txid: bigint; seq: bigint },
  limit: number,
): Promise<StoredFact[]> {
  const rows = await tx.query<OutboxRow>(
    `select txid::text::bigint as txid, seq, facts, forms::text as forms, form_of::text as "formOf", at_ms::text as "atMs",
       subscriber_ids::text as "subscriberIds", refs::text as refs
     from (select *, sum(count) over (order by txid, seq) as up_to
           from (select * from platform.outbox
                 where (txid, seq) > ($1::text::xid8, $2) and txid < pg_snapshot_xmin(pg_current_snapshot())
                 order by txid, seq limit $3) as page) as counted
     where up_to - count < $3 order by txid, seq`,
    [after.txid.toString(), after.seq >> PLACE_BITS, limit],
  )
  return rows.flatMap((row) => {
    const first = BigInt(row.seq) << PLACE_BITS
    return factsOf(row).map((fact, i) => ({ ...fact, txid: row.txid, seq: first + BigInt(i + 1) }))
  })
}

type OutboxRow = {
  txid: bigint
  seq: bigint
  /** Either these, or the others. */
  facts: string | null
  forms: string | null
  formOf: string
  atMs: string
  subscriberIds: string
  refs: string
}

function factsOf({ facts, forms, formOf, atMs, subscriberIds, refs }: OutboxRow): Fact[] {
  if (forms === null) return (JSON.parse(facts!) as PackedFact[]).map(unpack)
  const all = JSON.parse(forms) as Form[]
  const elements = (array: string): string[] => array.slice(1, -1).split(',')
  const [moments, subscribers, ids] = [elements(atMs), elements(subscriberIds), elements(refs)]
  return elements(formOf).map((place, i) => {
    const [kind, campaignId, arm, channel, productId, reason, amount, cost, quantity] = all[Number(place)]!
    const ref = ids[i] === 'NULL' ? null : ids[i]!
    const head = [
      kind,
      Number(moments[i]),
      Number(subscribers[i]),
      campaignId,
      arm,
      channel,
      productId,
    ] as const
    return unpack([...head, reason, ref, amount, cost, quantity, null])
  })
}

function pack(fact: Fact): PackedFact {
  return [
    fact.kind,
    fact.at.epochMilliseconds,
    fact.subscriberId,
    fact.campaignId ?? null,
    fact.arm ?? null,
    fact.channel ?? null,
    fact.productId ?? null,
    fact.reason ?? null,
    fact.ref ?? null,
    fact.amountMinor?.toString() ?? null,
    fact.costMinor?.toString() ?? null,
    fact.quantity ?? null,
    // Nowhere else in a packed fact can a bigint stand.
    fact.attributes === undefined ? null : (JSON.parse(json(fact.attributes)) as object),
  ]
}

function unpack(packed: PackedFact): Fact {
  const [kind, atMs, subscriberId, campaignId, arm, channel, productId, reason, ref, ...rest] = packed
  const [amountMinor, costMinor, quantity, attributes] = rest
  return {
    kind,
    at: Temporal.Instant.fromEpochMilliseconds(atMs),
    subscriberId,
    ...(campaignId === null ? {} : { campaignId }),
    ...(arm === null ? {} : { arm }),
    ...(channel === null ? {} : { channel }),
    ...(productId === null ? {} : { productId }),
    ...(reason === null ? {} : { reason }),
    ...(ref === null ? {} : { ref }),
    ...(amountMinor === null ? {} : { amountMinor: BigInt(amountMinor) }),
    ...(costMinor === null ? {} : { costMinor: BigInt(costMinor) }),
    ...(quantity === null ? {} : { quantity }),
    ...(attributes === null ? {} : { attributes }),
  }
}
