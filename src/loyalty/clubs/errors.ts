/** Every code with which clubs refuse a document or a request. */
export const clubErrorCodes = ['club_invalid', 'club_not_found'] as const
export type ClubErrorCode = (typeof clubErrorCodes)[number]

/** Why somebody cannot be in a club; also codes of refusals. */
export const clubRefusals = [
  'club_not_open',
  'club_not_for_member',
  /** The fee is to be paid first, by an event. */
  'club_fee_awaited',
  'club_points_insufficient',
] as const
export type ClubRefusal = (typeof clubRefusals)[number]

/** What became of a membership, for people to read. */
export const clubReasons = [
  'club_joined',
  'club_renewed',
  /** The fee in points was taken. */
  'club_fee_charged',
  'club_left',
  /** The fee was not paid in time. */
  'club_unpaid',
  /** The member satisfies the club's rules no more. */
  'club_condition_lost',
  /** The member left the programme, or the club was closed. */
  'club_closed',
] as const
export type ClubReason = (typeof clubReasons)[number]
