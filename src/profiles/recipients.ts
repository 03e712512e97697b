import type { Access } from '../access/index.ts'
import type { Tx } from '../platform/index.ts'
import { consentBook, flatConsents } from './consent.ts'
import type { Stop } from './contacts.ts'
import {
  FIELD,
  LINE,
  type RecipientColumns,
  selectDatedConsents,
  selectRecipients,
  selectRecipientStops,
} from './recipient-store.ts'

/** What many subscribers have in common: one object for all of whom the same holds. */
export type RecipientTraits = {
  timeZone: string
  language: 'en' | 'ru' | 'uk'
  /** What holds by `channel/purpose`; the channel `*` is for those without a word of their own. */
  consents: Readonly<Record<string, boolean>>
}

/** More than there are ways of agreeing; what is forgotten is only shared no more. */
const SHARED_TRAITS = 10_000

/** What many subscribers have in common, by tenant. */
export class SharedTraits {
  readonly #traits = new Map<string, RecipientTraits>()
  readonly #consents = new Map<string, Readonly<Record<string, boolean>>>()

  of(timeZone: string, language: RecipientTraits['language'], words: string): RecipientTraits {
    const key = `${timeZone}${LINE}${language}${LINE}${words}`
    let traits = this.#traits.get(key)
    if (traits === undefined) {
      if (this.#traits.size >= SHARED_TRAITS) this.#traits.clear()
      this.#traits.set(key, (traits = { timeZone, language, consents: this.consents(words) }))
    }
    return traits
  }

  /** Words `channel/purpose` with `+` or `-`, none of them on all channels. */
  consents(words: string): Readonly<Record<string, boolean>> {
    let consents = this.#consents.get(words)
    if (consents === undefined) {
      if (this.#consents.size >= SHARED_TRAITS) this.#consents.clear()
      consents = Object.fromEntries(
        words === '' ? [] : words.split(FIELD).map((word) => [word.slice(0, -1), word.endsWith('+')]),
      )
      this.#consents.set(words, consents)
    }
    return consents
  }
}

/** Where and in which words a subscriber is reached, and what the subscriber agreed to. */
export type Recipient = RecipientTraits & {
  subscriberId: number
  /** The latest identity of each kind that a channel dials and behind which somebody is. */
  addresses: Record<string, string>
  /** Times in which nobody may contact the subscriber; undefined for almost everybody. */
  stops: Stop[] | undefined
}

const nothing: Record<string, string> = {}

/** Many recipients, without an object for each; what few of them have stands beside. Places are those of `ids`. */
export class RecipientPage {
  /** Ascending. */
  readonly ids: Int32Array
  /** Undefined for a number that nobody has. */
  readonly traits: (RecipientTraits | undefined)[]
  /** The digits of the phone number as one whole number, 0 without one. */
  readonly phones: Float64Array
  /** Other addresses, by subscriber. */
  readonly addresses = new Map<number, Record<string, string>>()
  readonly stops = new Map<number, Stop[]>()
  #at = 0

  constructor(ids: number[]) {
    this.ids = Int32Array.from(ids)
    this.traits = Array.from({ length: ids.length }, () => undefined)
    this.phones = new Float64Array(ids.length)
  }

  /** The place of a subscriber; what the tables tell mostly comes in order. */
  placeOf(id: number): number {
    const { ids } = this
    if (ids[this.#at] === id) return this.#at++
    let low = 0
    for (let high = ids.length; low < high;) {
      const middle = (low + high) >> 1
      if (ids[middle]! < id) low = middle + 1
      else high = middle
    }
    this.#at = low + 1
    return low
  }

  addAddress(id: number, kind: string, value: string): void {
    const known = this.addresses.get(id)
    if (known) known[kind] = value
    else this.addresses.set(id, { [kind]: value })
  }

  get(id: number): Recipient | undefined {
    const place = this.placeOf(id)
    const traits = this.ids[place] === id ? this.traits[place] : undefined
    if (traits === undefined) return undefined
    const phone = this.phones[place]!
    const others = this.addresses.get(id) ?? nothing
    const addresses = phone === 0 ? others : { msisdn: `+${phone}`, ...others }
    return { ...traits, subscriberId: id, addresses, stops: this.stops.get(id) }
  }
}

/** Reads what a sender must know of these subscribers. */
export async function readRecipients(
  tx: Tx,
  access: Access,
  sharedOf: (tenantId: string) => SharedTraits,
  ids: number[],
): Promise<RecipientPage> {
  const page = new RecipientPage([...new Set(ids)].sort((a, b) => a - b))
  if (ids.length === 0) return page
  const asked = `{${page.ids.join(',')}}`
  const [columns, stops] = await Promise.all([selectRecipients(tx, asked), selectRecipientStops(tx, asked)])
  const tenant = await access.tenant(columns.tenantId)
  const shared = sharedOf(columns.tenantId)
  takeTraits(page, columns, shared, tenant)
  takePhones(page, columns.phones ?? '')
  for (const [id, kind, value] of columns.others ?? []) page.addAddress(id, kind, value)
  for (const { subscriberId, ...stop } of stops) {
    const others = page.stops.get(subscriberId)
    if (others) others.push(stop)
    else page.stops.set(subscriberId, [stop])
  }
  if (columns.general) await takeGeneralConsents(tx, page, columns.general)
  return page
}

function takeTraits(
  page: RecipientPage,
  { ids, timeZones, languages, consents }: RecipientColumns,
  shared: SharedTraits,
  tenant: Pick<RecipientTraits, 'timeZone' | 'language'>,
): void {
  if (ids === null) return
  const words: string[] = Array.from({ length: page.ids.length }, () => '')
  for (const line of consents === null ? [] : consents.split(LINE)) {
    const end = line.indexOf(FIELD)
    words[page.placeOf(Number(line.slice(0, end)))] = line.slice(end + 1)
  }
  const [zones, spoken] = [timeZones!.split(LINE), languages!.split(LINE)]
  let at = 0
  for (let i = 0; i < zones.length; i++, at++) {
    let id = 0
    for (let code = ids.charCodeAt(at); code >= 0x30; code = ids.charCodeAt(++at)) id = id * 10 + code - 0x30
    const place = page.placeOf(id)
    const language = (spoken[i] || tenant.language) as RecipientTraits['language']
    page.traits[place] = shared.of(zones[i] || tenant.timeZone, language, words[place]!)
  }
}

const PLUS = 0x2b
const LINE_CODE = LINE.charCodeAt(0)
/** A number of E.164 has no more digits, and a whole number holds them. */
const LONGEST = 15

/** `number+digits`, one a line; what is no number of E.164 is kept as it is. */
function takePhones(page: RecipientPage, text: string): void {
  for (let at = 0; at < text.length;) {
    let id = 0
    let code = text.charCodeAt(at)
    for (; code >= 0x30 && code <= 0x39; code = text.charCodeAt(++at)) id = id * 10 + code - 0x30
    const from = at
    let digits = 0
    if (code === PLUS)
      for (code = text.charCodeAt(++at); code >= 0x30 && code <= 0x39; code = text.charCodeAt(++at))
        digits = digits * 10 + code - 0x30
    const isPlain =
      at - from > 1 &&
      at - from <= LONGEST + 1 &&
      text.charCodeAt(from + 1) !== 0x30 &&
      (at === text.length || code === LINE_CODE)
    const place = page.placeOf(id)
    if (isPlain) {
      page.phones[place] = digits
      const others = page.addresses.get(id)
      if (others) delete others['msisdn']
    } else {
      at = text.indexOf(LINE, from)
      if (at < 0) at = text.length
      page.phones[place] = 0
      page.addAddress(id, 'msisdn', text.slice(from, at))
    }
    at++
  }
}

/** Of a word on all channels and one on a single channel the latest decides. */
async function takeGeneralConsents(tx: Tx, page: RecipientPage, ids: number[]): Promise<void> {
  const said = Map.groupBy(await selectDatedConsents(tx, ids), ({ subscriberId }) => subscriberId)
  for (const [id, words] of said) {
    const place = page.placeOf(id)
    const traits = page.traits[place]
    if (traits) page.traits[place] = { ...traits, consents: flatConsents(consentBook(words)) }
  }
}
