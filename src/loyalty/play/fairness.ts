import { createHash, createHmac, randomBytes } from 'node:crypto'

/** A seed that nobody knows yet, and its hash, which may be told before. */
export type Commitment = { serverSeed: string; seedHash: string }

/** Draws a server seed of 256 bits. */
export function commit(): Commitment {
  const serverSeed = randomBytes(32).toString('hex')
  return { serverSeed, seedHash: hashOf(serverSeed) }
}

/** SHA-256 of a seed's text, in hexadecimal digits: what is told before the seed. */
export const hashOf = (serverSeed: string): string => createHash('sha256').update(serverSeed).digest('hex')

const TICKET_BITS = 64n

/**
 * The draw number `index` of a round, from 0 to `tickets` − 1: the first 8 bytes of
 * HMAC-SHA256(key = server seed as text, message = `clientSeed:roundId:index`) as a big-endian number n, then
 * floor(n × tickets / 2^64). No ticket is likelier than another by more than tickets / 2^64.
 */
export function ticket(
  { serverSeed, clientSeed, roundId }: { serverSeed: string; clientSeed: string; roundId: string },
  index: number,
  tickets: bigint,
): bigint {
  const mac = createHmac('sha256', serverSeed).update(`${clientSeed}:${roundId}:${index}`).digest()
  return (mac.readBigUInt64BE(0) * tickets) >> TICKET_BITS
}

/** The item whose share of the tickets holds a ticket, by the order of the items. */
export function itemOf<T extends { weight: number }>(items: readonly T[], drawn: bigint): T {
  let below = 0n
  for (const item of items) {
    below += BigInt(item.weight)
    if (drawn < below) return item
  }
  throw new RangeError('the ticket is beyond the last item')
}

/** Sum of the weights: how many tickets there are. */
export const ticketsOf = (items: readonly { weight: number }[]): bigint =>
  items.reduce((sum, { weight }) => sum + BigInt(weight), 0n)

/** `count` of the numbers 0 to `size` − 1 in an order drawn from the tickets `first`, `first` + 1, … (Fisher–Yates). */
export function drawn(
  seeds: { serverSeed: string; clientSeed: string; roundId: string },
  first: number,
  size: number,
  count: number,
): number[] {
  const pool = Array.from({ length: size }, (_, i) => i)
  return Array.from({ length: Math.min(count, size) }, (_, i) => {
    const at = i + Number(ticket(seeds, first + i, BigInt(size - i)))
    ;[pool[i], pool[at]] = [pool[at]!, pool[i]!]
    return pool[i]!
  })
}
