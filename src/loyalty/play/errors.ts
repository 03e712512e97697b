/** Every code with which play refuses a document or a request. */
export const playErrorCodes = [
  'play_document_invalid',
  'quest_not_found',
  /** Another run is open, or the quest was completed as often as it can be. */
  'quest_join_conflict',
  'leaderboard_not_found',
  'display_name_invalid',
  'game_not_found',
  /** The member has no right to a round. */
  'play_right_missing',
  'play_right_not_for_sale',
  'round_not_found',
  /** The round is over, or was begun with another seed. */
  'round_conflict',
  'quiz_answer_conflict',
] as const
export type PlayErrorCode = (typeof playErrorCodes)[number]

/** What play made of an event, for people to read: a closed list, each with its plain words in `words.ts`. */
export const playReasons = [
  'quest_step_advanced',
  'quest_step_done',
  'quest_completed',
  'quest_too_late',
  'achievement_level_reached',
  'streak_kept',
  'streak_began',
  'streak_milestone',
  'play_right_earned',
  'play_right_bought',
  'prize_won',
  'prize_stock_exhausted',
  'prize_budget_exhausted',
  'quiz_finished',
  'game_won',
  'game_lost',
] as const
export type PlayReason = (typeof playReasons)[number]
