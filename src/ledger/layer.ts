import { type AccountState, copyOf, type JournalRow, type OpenLot, type Standing } from './state.ts'

/**
 * Books while requests go through them. A layer above another sees what is below, changes copies, and is merged into
 * it or thrown away: that is how linked transfers succeed together.
 */
export class Layer {
  readonly journal: JournalRow[] = []
  readonly accounts: Map<number, AccountState>
  readonly changedLots = new Map<number, { accountNo: number; lot: OpenLot }>()
  readonly changedStandings = new Map<number, Standing>()
  readonly #below: Layer | undefined
  readonly #byKey: Map<string, JournalRow>
  readonly #standings: Map<number, Standing>
  #lastSeq: number

  constructor(
    lastSeq: number,
    accounts: Map<number, AccountState>,
    known: JournalRow[],
    standings: Standing[],
    below?: Layer,
  ) {
    this.#lastSeq = lastSeq
    this.accounts = accounts
    this.#byKey = new Map(known.map((row) => [row.key, row]))
    this.#standings = new Map(standings.map((one) => [one.seq, one]))
    this.#below = below
  }

  /** A layer above this one. */
  above(): Layer {
    return new Layer(this.#lastSeq, new Map(), [], [], this)
  }

  account(accountNo: number): AccountState | undefined {
    const own = this.accounts.get(accountNo)
    if (own || !this.#below) return own
    const below = this.#below.account(accountNo)
    if (!below) return undefined
    const copy = copyOf(below)
    this.accounts.set(accountNo, copy)
    return copy
  }

  byKey(key: string): JournalRow | undefined {
    return this.#byKey.get(key) ?? this.#below?.byKey(key)
  }

  standing(seq: number): Standing | undefined {
    return this.#standings.get(seq) ?? this.#below?.standing(seq)
  }

  changeStanding(standing: Standing): void {
    this.#standings.set(standing.seq, standing)
    this.changedStandings.set(standing.seq, standing)
  }

  readonly changeLot = (accountNo: number, lot: OpenLot): void => {
    const before = this.#changedLot(lot.lotNo)
    // A lot that was emptied and is filled again within the batch still has its row.
    if (before && before !== lot) lot.stored = before.stored
    this.changedLots.set(lot.lotNo, { accountNo, lot })
  }

  #changedLot(lotNo: number): OpenLot | undefined {
    const own = this.changedLots.get(lotNo)?.lot
    return own || !this.#below ? own : this.#below.#changedLot(lotNo)
  }

  nextSeq(): number {
    return this.#lastSeq + 1
  }

  write(row: JournalRow): void {
    this.#lastSeq = row.seq
    this.journal.push(row)
    this.#byKey.set(row.key, row)
  }

  /** Everything of this layer becomes part of the one below. */
  merge(): void {
    const below = this.#below!
    for (const [accountNo, account] of this.accounts) below.accounts.set(accountNo, account)
    for (const { accountNo, lot } of this.changedLots.values()) below.changeLot(accountNo, lot)
    for (const standing of this.changedStandings.values()) below.changeStanding(standing)
    for (const row of this.journal) below.write(row)
  }
}
