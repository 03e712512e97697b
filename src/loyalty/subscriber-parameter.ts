import { DomainError } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'

/** Ids are PostgreSQL's int4; a longer number is somebody's phone number. */
const LAST_ID = 2 ** 31 - 1

/** A subscriber by number or by any identity, as paths and bodies name one. Throws `subscriber_not_found`. */
export async function subscriberOf(
  profiles: Pick<Profiles, 'resolveIdentities'>,
  tenantId: string,
  text: string,
): Promise<number> {
  if (/^\d{1,10}$/.test(text) && Number(text) <= LAST_ID) return Number(text)
  const [found] = await profiles.resolveIdentities(tenantId, [text])
  if (found !== undefined) return found
  throw new DomainError('subscriber_not_found', 'no subscriber has this identity', {
    field: 'subscriber',
    expected: 'a subscriber id, msisdn:+7…, account:… or external:…',
  })
}
