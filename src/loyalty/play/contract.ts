export type {
  Achievement,
  Badge,
  BotGame,
  Leaderboard,
  PlayReward,
  Quest,
  QuestStep,
  Quiz,
  Streak,
  Wheel,
} from './documents.ts'
export { quest } from './documents.ts'
export { type PlayReason, playReasons } from './errors.ts'
export { playWords } from './words.ts'
