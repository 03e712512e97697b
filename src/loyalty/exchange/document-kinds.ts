import { checkExpression } from '../../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../../platform/index.ts'
import { millionths } from '../earning/points.ts'
import { checkProgrammeExists } from '../programme-kind.ts'
import type { Programme } from '../programmes.ts'
import { applicantDeclarations } from '../rewards/reward-kind.ts'
import { type Exchange, exchange, transferTerms, type TransferTerms } from './documents.ts'

/** The documents of this part. */
export const exchangeKinds: DocumentKind[] = [
  {
    kind: 'TransferTerms',
    schema: transferTerms,
    check: (terms: TransferTerms, reader) => [
      ...checkProgrammeExists(terms.id, reader, 'id'),
      ...checkWho(terms, reader),
      ...checkBounds(terms),
    ],
  },
  {
    kind: 'Exchange',
    schema: exchange,
    check: (document: Exchange, reader) => [
      ...checkSides(document, reader),
      ...checkWho(document, reader),
      ...checkBounds(document),
    ],
  },
]

const invalid = (field: string, message: string, found: unknown, expected: string): Problem => ({
  code: 'exchange_invalid',
  message,
  field,
  found,
  expected,
})

function checkWho({ who }: { who?: string | undefined }, reader: DocumentReader): Problem[] {
  if (who === undefined) return []
  const found = checkExpression(who, applicantDeclarations(reader), 'bool')
  return found.map((problem) => ({ ...problem, field: 'who' }))
}

function checkBounds({ least, most }: { least?: string | undefined; most?: string | undefined }): Problem[] {
  if (least === undefined || most === undefined || BigInt(least) <= BigInt(most)) return []
  return [invalid('most', 'it is less than the least', most, `${least} or more`)]
}

function checkSides({ from, to, rate }: Exchange, reader: DocumentReader): Problem[] {
  const problems: Problem[] = []
  if (millionths(rate) === 0n) problems.push(invalid('rate', 'nothing would come of it', rate, 'above 0'))
  const programmes = reader.list('Programme') as Programme[]
  for (const [field, side] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if ('programme' in side) {
      problems.push(...checkProgrammeExists(side.programme, reader, `${field}.programme`))
    } else if (programmes.some(({ currency }) => currency === side.currency)) {
      const expected = 'the programme itself, or a currency of the partner'
      problems.push(invalid(`${field}.currency`, 'a programme keeps this currency', side.currency, expected))
    }
  }
  if (!('programme' in from) && !('programme' in to)) {
    problems.push(invalid('to', 'no member would have a part in it', to, 'a programme on one side'))
  }
  if ('programme' in from && 'programme' in to && from.programme === to.programme) {
    problems.push(invalid('to.programme', 'both sides are one', to.programme, 'another programme'))
  }
  return problems
}
