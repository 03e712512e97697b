import { accountOf } from '../accounts.ts'
import type { Book } from '../book.ts'
import type { TakenEvent } from '../consumer.ts'
import { type Member, ownerOf } from '../members.ts'
import type { Programme } from '../programmes.ts'
import type { AbusePolicy, DeedKind } from './abuse-policy.ts'
import { keptDeedsOf, keptMsOf } from './scoring.ts'
import { instrumentOf } from './standing.ts'

export type ReadyPolicy = {
  document: AbusePolicy
  programme: Programme
  keptMs: number
  keptDeeds: ReadonlySet<DeedKind>
}

/** The policies of a book with what follows from them. */
export type Plan = {
  byProgramme: ReadonlyMap<string, ReadyPolicy>
  /** Fields that name an instrument, by event type. */
  instruments: ReadonlyMap<string, { kind: 'device' | 'payment'; field: string }[]>
}

const owner = {}

/** What a tenant's policies of abuse ask for. */
export const planOf = (book: Book): Plan =>
  book.once(owner, () => {
    const byProgramme = new Map<string, ReadyPolicy>()
    const instruments = new Map<string, { kind: 'device' | 'payment'; field: string }[]>()
    for (const document of book.reader.list('AbusePolicy') as AbusePolicy[]) {
      const programme = book.programmes.get(document.programme)
      if (!programme) continue
      byProgramme.set(programme.id, {
        document,
        programme,
        keptMs: keptMsOf(document),
        keptDeeds: keptDeedsOf(document),
      })
      for (const { kind, on, field } of document.signals.shared) {
        for (const type of on) instruments.set(type, [...(instruments.get(type) ?? []), { kind, field }])
      }
    }
    return { byProgramme, instruments }
  })

/** Instruments that an event names. */
export function instrumentsIn({ instruments }: Plan, tenantId: string, event: TakenEvent): string[] {
  const named = (instruments.get(event.type) ?? []).flatMap(({ kind, field }) => {
    const name = event.data[field]
    return typeof name === 'string' && name !== '' ? [instrumentOf(tenantId, kind, name)] : []
  })
  return [...new Set(named)]
}

/** The account in which a member's points are. */
export const accountIn = (programme: Programme, member: Member): string =>
  accountOf(ownerOf(member), programme.currency)
