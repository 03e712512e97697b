import { createHash } from 'node:crypto'
import { periodOf, type LocalTime } from '../local-time.ts'
import { nameIn } from '../naming.ts'
import type { Leaderboard } from './documents.ts'

/** A place where scores stand beside each other: a board in a period, of a region or, under the empty one, of all. */
export type Stand = { boardId: string; period: string; region: string }

/** What an event adds to a member's score on a stand. */
export type Point = Stand & { programmeId: string; subscriberId: number; amount: bigint; atMs: number }

/** The stands on which an event counts: that of everybody, and that of the subscriber's region. */
export function standsOf(board: Leaderboard, local: LocalTime, attributes: Record<string, unknown>): Stand[] {
  const period = periodOf(board.period, local)
  const value = board.regionBy === undefined ? undefined : attributes[board.regionBy]
  const region = typeof value === 'string' || typeof value === 'number' ? nameIn(value) : ''
  const all = { boardId: board.id, period, region: '' }
  return region === '' ? [all] : [all, { ...all, region }]
}

const EXACT = 1_024n
const EXACT_BITS = 10n
const STEPS_BITS = 9n
const STEPS = 1n << STEPS_BITS

/**
 * The narrow range of scores to which a score belongs, rising with the score: each score below 1,024 has a range of
 * its own, above it a range is a five-hundredth of the score wide. 0 for what is not ranked.
 */
export function bucketOf(score: bigint): number {
  if (score <= 0n) return 0
  if (score < EXACT) return Number(score)
  const octave = BigInt(score.toString(2).length - 1)
  const step = (score >> (octave - STEPS_BITS)) - STEPS
  return Number(EXACT + (octave - EXACT_BITS) * STEPS + step)
}

/** The lowest score of the range above that of a score. */
export function bucketEnd(score: bigint): bigint {
  if (score < EXACT) return score + 1n
  const width = BigInt(score.toString(2).length - 1) - STEPS_BITS
  return ((score >> width) + 1n) << width
}

/** A name for members who gave none: it follows from the number and tells nothing of it. */
export function aliasOf(programmeId: string, subscriberId: number): string {
  const digest = createHash('sha256').update(`alias\n${programmeId}\n${subscriberId}`).digest()
  return `#${digest.readUInt32BE(0).toString(36).toUpperCase().padStart(7, '0')}`
}

const MOST_NAME = 30
const DIGITS_OF_A_NUMBER = 6

/** Whether others may see a name: short, on one line, and no phone number or address in it. */
export function isDisplayName(name: string): boolean {
  const digits = name.match(/\p{Nd}/gu)?.length ?? 0
  const isPlain =
    name === name.trim() && name.length > 0 && [...name].length <= MOST_NAME && !/[\p{C}@/]/u.test(name)
  return isPlain && digits < DIGITS_OF_A_NUMBER
}
