import { expect, test } from 'vitest'
import { numberedBatch } from '../../../test/log-batches.ts'
import { entriesOf, piecesOf } from './event-log.ts'

test('a chunk comes in pieces without a gap; an empty one, which says how far duplicates go, is not lost', () => {
  const { bytes, length, count } = numberedBatch(1, 5)
  const chunk = { firstOffset: 7, count, bytes: bytes.subarray(0, length) }
  const pieces = [...piecesOf(chunk, 2)]
  expect(pieces.map((piece) => [piece.firstOffset, piece.count])).toEqual([
    [7, 2],
    [9, 2],
    [11, 1],
  ])
  expect([...entriesOf(pieces)]).toEqual([...entriesOf([chunk])])
  const empty = { firstOffset: 9, count: 0, bytes: Buffer.alloc(0) }
  expect([...piecesOf(empty, 2)]).toEqual([empty])
})
