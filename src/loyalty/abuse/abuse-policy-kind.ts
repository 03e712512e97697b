import type { DocumentKind, DocumentReader, Problem } from '../../platform/index.ts'
import { declarationsOf, isKnownType } from '../announcements.ts'
import { missingType } from '../programme-kind.ts'
import { MAIN_PROGRAMME } from '../programmes.ts'
import { type AbusePolicy, abusePolicy } from './abuse-policy.ts'

/** `{ kind: 'AbusePolicy', id, programme, signals, hold, … }` */
export const abusePolicyKind: DocumentKind = {
  kind: 'AbusePolicy',
  schema: abusePolicy,
  check: (policy: AbusePolicy, reader) => [...checkProgramme(policy, reader), ...checkFields(policy, reader)],
}

function checkProgramme({ id, programme }: AbusePolicy, reader: DocumentReader): Problem[] {
  if (programme !== MAIN_PROGRAMME && !reader.get('Programme', programme)) {
    const message = `no programme "${programme}"`
    const expected = 'a saved Programme'
    return [{ code: 'programme_missing', message, field: 'programme', found: programme, expected }]
  }
  const other = (reader.list('AbusePolicy') as AbusePolicy[]).find(
    (one) => one.id !== id && one.programme === programme,
  )
  if (!other) return []
  const message = `policy "${other.id}" is that of the programme`
  const expected = 'a programme without a policy'
  return [{ code: 'abuse_policy_invalid', message, field: 'programme', found: programme, expected }]
}

function checkFields({ signals }: AbusePolicy, reader: DocumentReader): Problem[] {
  return signals.shared.flatMap(({ on, field }, i) =>
    on.flatMap((type): Problem[] => {
      if (!isKnownType(reader, type)) return [missingType(`signals.shared.${i}.on`, type)]
      if (declarationsOf(reader, type)[field] === 'string') return []
      const message = `events "${type}" declare no string "${field}"`
      const expected = 'a declared field of type string'
      const at = `signals.shared.${i}.field`
      return [{ code: 'abuse_policy_invalid', message, field: at, found: field, expected }]
    }),
  )
}
