import { compileExpression, type CompiledFunction } from '../expressions/index.ts'
import { subscriberDeclarations } from '../profiles/index.ts'
import type { Book } from './book.ts'
import type { Consumer } from './consumer.ts'
import type { Programme } from './programmes.ts'

type Door = { programmeId: string; types: ReadonlySet<string> | 'any'; condition: CompiledFunction | null }

const owner = {}

/** The programmes into which events lead by themselves, with what they ask for. */
function doorsOf(book: Book): Door[] {
  return book.once(owner, () =>
    [...book.programmes.values()].flatMap((programme) => {
      const { enrolment } = programme
      if (enrolment === 'by_hand') return []
      const types = enrolment.on === 'rules' ? typesOfRules(book, programme) : enrolment.on
      const condition =
        enrolment.where === undefined
          ? null
          : compileExpression(
              enrolment.where,
              { subscriber: subscriberDeclarations(book.reader) },
              'bool',
            ).toFunction()
      return { programmeId: programme.id, types: types === 'any' ? types : new Set(types), condition }
    }),
  )
}

function typesOfRules(book: Book, programme: Programme): string[] {
  const rules = book.reader.list('EarnRule') as { programme: string; on: string }[]
  return rules.filter((rule) => rule.programme === programme.id).map((rule) => rule.on)
}

/** Makes members of those whose event opens a door for the first time; who has left is let in by hand alone. */
export const enrolmentConsumer: Consumer = {
  name: 'enrolment',
  wants(book) {
    const doors = doorsOf(book)
    return doors.some(({ types }) => types === 'any')
      ? 'all'
      : new Set(doors.flatMap(({ types }) => [...(types as ReadonlySet<string>)]))
  },
  async open(_tx, batch) {
    const doors = doorsOf(batch.book)
    return {
      take(event) {
        for (const { programmeId, types, condition } of doors) {
          if (types !== 'any' && !types.has(event.type)) continue
          if (batch.memberOf(programmeId, event.subscriberId)) continue
          const subscriber = batch.subscriberOf(event.subscriberId)
          if (condition && condition({ subscriber: subscriber?.attributes ?? {} }) !== true) continue
          batch.enrol(programmeId, event.subscriberId, event.atMs, event.type)
        }
      },
    }
  },
}
