import { DomainError, type Tx } from '../../platform/index.ts'
import type { Member } from '../members.ts'
import { selectMember } from '../members-store.ts'
import type { PlayErrorCode } from './errors.ts'

/** Fails with one of play's codes. */
export function refuse(code: PlayErrorCode, message: string, found?: unknown): never {
  throw new DomainError(code, message, found === undefined ? {} : { found })
}

/** The active member of a programme; throws `member_not_found` or `member_not_active`. */
export async function activeMember(tx: Tx, programmeId: string, subscriberId: number): Promise<Member> {
  const member = await selectMember(tx, programmeId, subscriberId)
  if (!member) throw new DomainError('member_not_found', `no member ${subscriberId} of "${programmeId}"`)
  if (member.state !== 'active') throw new DomainError('member_not_active', 'the member has left')
  return member
}
