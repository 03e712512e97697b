import type { RoundView } from '../../../../src/loyalty/contract.ts'

/** What a round's seeds come to, computed in this browser by the public rule. */
export type Recomputed = {
  seedHash: string
  isHashRight: boolean
  ticket: bigint
  tickets: bigint
  /** What the ticket drew: the id of a prize, or the number of a door. */
  drawn: string
  isOutcomeRight: boolean
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const hex = (buffer: ArrayBuffer): string =>
  [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** The first 8 bytes of HMAC-SHA256 (key: server seed, message: `clientSeed:roundId:0`), as a share of the tickets. */
async function ticketOf(
  { serverSeed, clientSeed, roundId }: { serverSeed: string; clientSeed: string; roundId: string },
  tickets: bigint,
): Promise<bigint> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', bytes(serverSeed), algorithm, false, ['sign'])
  const mac = await crypto.subtle.sign('HMAC', key, bytes(`${clientSeed}:${roundId}:0`))
  return (new DataView(mac).getBigUint64(0) * tickets) >> 64n
}

/**
 * Computes hash, ticket and outcome of a finished round of a wheel or of doors anew. Undefined for other rounds, and
 * where the browser lends no cryptography, as it does to pages that come without TLS.
 */
export async function recomputed(round: RoundView): Promise<Recomputed | undefined> {
  const { roundId, serverSeed, clientSeed, outcome, odds, kind, seedHash: told } = round
  const hasCrypto = typeof crypto.subtle === 'object'
  if (!hasCrypto || serverSeed === null || clientSeed === null || outcome === null || kind === 'Quiz')
    return undefined
  const seedHash = hex(await crypto.subtle.digest('SHA-256', bytes(serverSeed)))
  const doors = Number(outcome['doors'])
  const weights = odds?.map(({ weight }) => BigInt(weight)) ?? Array.from({ length: doors }, () => 1n)
  const tickets = weights.reduce((sum, weight) => sum + weight, 0n)
  const ticket = await ticketOf({ serverSeed, clientSeed, roundId }, tickets)
  let below = 0n
  const index = weights.findIndex((weight) => ticket < (below += weight))
  const drawn = odds ? (odds[index]?.id ?? '') : String(index + 1)
  const isOutcomeRight = drawn === String(outcome[odds ? 'drawn' : 'winning'])
  return { seedHash, isHashRight: seedHash === told, ticket, tickets, drawn, isOutcomeRight }
}
