/** What came in for one tenant since the process began: plain numbers, for metrics. */
export class Counters {
  /** Events taken, duplicates among them, by type. */
  readonly byType = new Map<string, { events: number }>()
  /** Events that had been taken before. */
  duplicates = 0
  /** Events that went to the dead letters. */
  refused = 0
  /** Bytes of lines that came in. */
  bytes = 0
  /** The latest time of an event that was taken, epoch milliseconds; -Infinity before the first. */
  newestMs = -Infinity

  ofType(type: string): { events: number } {
    let counter = this.byType.get(type)
    if (!counter) {
      counter = { events: 0 }
      this.byType.set(type, counter)
    }
    return counter
  }
}
