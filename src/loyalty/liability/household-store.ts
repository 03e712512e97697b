import type { Tx } from '../../platform/index.ts'

/** Active members of households, by household. */
export async function selectHouseholdMembers(
  tx: Tx,
  programmeId: string,
  householdIds: string[],
): Promise<Map<string, number[]>> {
  if (householdIds.length === 0) return new Map()
  const rows = await tx.query<{ household: string; members: number[] }>(
    `select household_id as household, array_agg(subscriber_id order by subscriber_id) as members
     from loyalty.member where programme_id = $1 and household_id = any($2::text[]) and state = 'active' group by 1`,
    [programmeId, householdIds],
  )
  return new Map(rows.map(({ household, members }) => [household, members]))
}
