import { type CelType, checkExpression } from '../../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../../platform/index.ts'
import { subscriberDeclarations } from '../../profiles/index.ts'
import { isKnownType } from '../announcements.ts'
import { missingType } from '../programme-kind.ts'
import { MAIN_PROGRAMME } from '../programmes.ts'
import * as documents from './documents.ts'
import { distinctTypes, playDeclarations, sumTypes } from './measure.ts'

const invalid = (field: string, message: string, found: unknown, expected: string): Problem => ({
  code: 'play_document_invalid',
  message,
  field,
  found,
  expected,
})

/** Problems of an expression that may have one of several types, at its field. */
function checkAt(
  reader: DocumentReader,
  field: string,
  on: string,
  source: string | undefined,
  types: CelType[],
): Problem[] {
  if (source === undefined) return []
  return checkExpression(source, playDeclarations(reader, on), types).map((problem) => ({
    ...problem,
    field,
  }))
}

function checkCounting(reader: DocumentReader, field: string, counting: documents.Counting): Problem[] {
  const at = (name: string): string => (field === '' ? name : `${field}.${name}`)
  const { on, where, sum, currency, distinct } = counting
  if (!isKnownType(reader, on)) return [missingType(at('on'), on)]
  return [
    ...checkAt(reader, at('where'), on, where, ['bool']),
    ...checkAt(reader, at('sum'), on, sum, sumTypes),
    ...checkAt(reader, at('distinct'), on, distinct, distinctTypes),
    ...(currency === undefined || sum !== undefined
      ? []
      : [invalid(at('currency'), 'it says what a sum is in', currency, 'nothing without `sum`')]),
  ]
}

function checkProgramme(reader: DocumentReader, programme: string): Problem[] {
  const rules = reader.list('EarnRule') as { programme: string }[]
  // Without a document it is there as soon as an earn rule needs it.
  if (programme === MAIN_PROGRAMME && rules.some((rule) => rule.programme === MAIN_PROGRAMME)) return []
  if (reader.get('Programme', programme)) return []
  const message = `no programme "${programme}"`
  const expected = 'a saved Programme'
  return [{ code: 'programme_missing', message, field: 'programme', found: programme, expected }]
}

/** The badge is there and of the same programme; points for points would never end. */
function checkReward(
  reader: DocumentReader,
  field: string,
  programme: string,
  reward: documents.PlayReward | undefined,
  on: string[] = [],
): Problem[] {
  if (!reward) return []
  const problems: Problem[] = []
  const found = reward.badge === undefined ? undefined : reader.get('Badge', reward.badge)
  if (reward.badge !== undefined && (found as documents.Badge | undefined)?.programme !== programme) {
    problems.push(invalid(`${field}.badge`, 'the programme has no such badge', reward.badge, 'a saved Badge'))
  }
  const circle = on.find((type) => type.startsWith('loyalty.points_'))
  if (reward.points !== undefined && circle !== undefined) {
    problems.push(
      invalid(`${field}.points`, 'points cannot be earned by points', circle, 'another event type'),
    )
  }
  return problems
}

function repeated(field: string, ids: string[]): Problem[] {
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  return twice === undefined ? [] : [invalid(field, `"${twice}" stands twice`, twice, 'distinct ids')]
}

function checkRights(reader: DocumentReader, game: documents.Game): Problem[] {
  return [
    ...game.rights.flatMap((right, i) =>
      checkCounting(reader, `rights.${i}`, { on: right.on, where: right.where }),
    ),
    ...checkChat(reader, game),
  ]
}

function checkChat(reader: DocumentReader, { kind, id, chat }: documents.Game): Problem[] {
  if (!chat) return []
  const others = documents.gameKinds.filter((one) => one !== kind)
  const namesake = others.find((one) => (reader.get(one, id) as documents.Game | undefined)?.chat)
  const missing = Object.entries(chat).filter(([, id]) => id !== undefined && !reader.get('Template', id))
  return [
    // A button says `play:` and the id alone.
    ...(namesake ? [invalid('id', `a ${namesake} of this id is played in chats`, id, 'another id')] : []),
    ...missing.map(([turn, template]) =>
      invalid(`chat.${turn}`, `no template "${template}"`, template, 'a saved Template'),
    ),
    ...(kind === 'Quiz' && chat.question === undefined
      ? [invalid('chat.question', 'a quiz asks questions', undefined, 'id of a template')]
      : []),
  ]
}

function checkQuest(quest: documents.Quest, reader: DocumentReader): Problem[] {
  const on = quest.steps.map((step) => step.on)
  return [
    ...checkProgramme(reader, quest.programme),
    ...repeated(
      'steps',
      quest.steps.map(({ id }) => id),
    ),
    ...quest.steps.flatMap((step, i) => checkCounting(reader, `steps.${i}`, step)),
    ...checkReward(reader, 'reward', quest.programme, quest.reward, on),
  ]
}

function checkAchievement(achievement: documents.Achievement, reader: DocumentReader): Problem[] {
  const { programme, levels, on } = achievement
  return [
    ...checkProgramme(reader, programme),
    ...checkCounting(reader, '', achievement),
    ...levels.flatMap(({ reward }, i) => checkReward(reader, `levels.${i}.reward`, programme, reward, [on])),
  ]
}

function checkStreak(streak: documents.Streak, reader: DocumentReader): Problem[] {
  const { programme, milestones, on } = streak
  return [
    ...checkProgramme(reader, programme),
    ...checkCounting(reader, '', streak),
    ...milestones.flatMap(({ reward }, i) =>
      checkReward(reader, `milestones.${i}.reward`, programme, reward, [on]),
    ),
  ]
}

function checkLeaderboard(board: documents.Leaderboard, reader: DocumentReader): Problem[] {
  const { programme, regionBy } = board
  const known = subscriberDeclarations(reader)
  const problems = [...checkProgramme(reader, programme), ...checkCounting(reader, '', board)]
  if (regionBy !== undefined && known[regionBy] !== 'string' && known[regionBy] !== 'int') {
    const names = Object.keys(known).filter((name) => known[name] === 'string')
    problems.push(
      invalid('regionBy', 'no such text or whole number of a subscriber', regionBy, names.join(' | ')),
    )
  }
  return problems
}

function checkWheel(wheel: documents.Wheel, reader: DocumentReader): Problem[] {
  const { programme, prizes, otherwise, budget } = wheel
  const rest = prizes.find(({ id }) => id === otherwise)
  const mayRunOut = budget !== undefined || prizes.some(({ stock }) => stock !== undefined)
  const isEndless = rest !== undefined && rest.stock === undefined && rest.reward.points === undefined
  return [
    ...checkProgramme(reader, programme),
    ...checkRights(reader, wheel),
    ...repeated(
      'prizes',
      prizes.map(({ id }) => id),
    ),
    ...prizes.flatMap(({ reward }, i) => checkReward(reader, `prizes.${i}.reward`, programme, reward)),
    ...(mayRunOut && !isEndless
      ? [invalid('otherwise', 'prizes may run out', otherwise, 'id of a prize without stock and points')]
      : []),
  ]
}

function checkQuiz(quiz: documents.Quiz, reader: DocumentReader): Problem[] {
  const { programme, questions, perRound, rewards } = quiz
  return [
    ...checkProgramme(reader, programme),
    ...checkRights(reader, quiz),
    ...repeated(
      'questions',
      questions.map(({ id }) => id),
    ),
    ...questions.flatMap(({ options, answer }, i) => {
      const ids = options.map(({ id }) => id)
      const wrong = ids.includes(answer)
        ? []
        : [invalid(`questions.${i}.answer`, 'no such option', answer, ids.join(' | '))]
      return [...repeated(`questions.${i}.options`, ids), ...wrong]
    }),
    ...(perRound <= questions.length
      ? []
      : [invalid('perRound', 'there are fewer questions', perRound, `up to ${questions.length}`)]),
    ...rewards.flatMap(({ reward }, i) => checkReward(reader, `rewards.${i}.reward`, programme, reward)),
  ]
}

function checkBotGame(game: documents.BotGame, reader: DocumentReader): Problem[] {
  const { programme, moves, reward } = game
  return [
    ...checkProgramme(reader, programme),
    ...checkRights(reader, game),
    ...(isKnownType(reader, moves.on)
      ? checkAt(reader, 'moves.choice', moves.on, moves.choice, ['string'])
      : [missingType('moves.on', moves.on)]),
    ...checkReward(reader, 'reward', programme, reward),
  ]
}

/** Kinds of documents of play. */
export const playKinds: DocumentKind[] = [
  { kind: 'Quest', schema: documents.quest, check: checkQuest },
  { kind: 'Achievement', schema: documents.achievement, check: checkAchievement },
  { kind: 'Streak', schema: documents.streak, check: checkStreak },
  {
    kind: 'Badge',
    schema: documents.badge,
    check: (badge: documents.Badge, reader) => checkProgramme(reader, badge.programme),
  },
  { kind: 'Leaderboard', schema: documents.leaderboard, check: checkLeaderboard },
  { kind: 'Wheel', schema: documents.wheel, check: checkWheel },
  { kind: 'Quiz', schema: documents.quiz, check: checkQuiz },
  { kind: 'BotGame', schema: documents.botGame, check: checkBotGame },
]
