import type { LoyaltyParts } from '../dependencies.ts'
import type { QuizResult, QuizStep } from './contract.ts'
import type { Quiz } from './documents.ts'
import { refuse } from './member-at-play.ts'
import {
  type Asked,
  currentQuestion,
  drawQuestions,
  isCorrect,
  questionView,
  type QuizProgress,
} from './quiz.ts'
import type { Round } from './round.ts'
import { saveRights, saveRounds } from './round-store.ts'
import { QUIZ_FINISHED } from './seat.ts'
import { takenOf, type Turn, type Turns, useRight } from './turn.ts'
import type { Tx } from '../../platform/index.ts'

export type Quizzes = {
  /** Begins a round with the member's seed, which uses a right up. The same seed again changes nothing. */
  startQuiz(
    tenantId: string,
    subscriberId: number,
    roundId: string,
    clientSeed: string,
  ): Promise<{ questions: number }>
  /** The question that waits for an answer: its time begins when it is told first. After the last one, the result. */
  quizQuestion(tenantId: string, subscriberId: number, roundId: string): Promise<QuizStep>
  /** Takes an answer; throws `quiz_answer_conflict` for another than the one given before. */
  answerQuiz(
    tenantId: string,
    subscriberId: number,
    roundId: string,
    answer: { question: string; option: string },
  ): Promise<{ isInTime: boolean; isLast: boolean }>
}

/** Quizzes with timed answers. */
export function createQuizzes(
  { database, take }: Pick<LoyaltyParts, 'database' | 'take'>,
  turns: Turns,
): Quizzes {
  /** A turn at a round that has begun. */
  const at = async <T>(
    tenantId: string,
    subscriberId: number,
    roundId: string,
    work: (tx: Tx, quiz: Quiz, turn: Turn) => Promise<T>,
  ): Promise<T> => {
    const prepared = await turns.prepare<Quiz>(tenantId, roundId)
    return database.tx(tenantId, async (tx) =>
      work(tx, prepared.document, await turns.at(tx, prepared, subscriberId, roundId, 'Quiz')),
    )
  }
  return {
    startQuiz: (tenantId, subscriberId, roundId, clientSeed) =>
      at(tenantId, subscriberId, roundId, (tx, quiz, turn) => begin(tx, quiz, turn, clientSeed)),
    quizQuestion: (tenantId, subscriberId, roundId) =>
      at(tenantId, subscriberId, roundId, (tx, quiz, turn) => ask(take, tx, tenantId, quiz, turn)),
    answerQuiz: (tenantId, subscriberId, roundId, { question, option }) =>
      at(tenantId, subscriberId, roundId, (tx, quiz, turn) =>
        takeAnswer(take, tx, tenantId, { quiz, turn, question, option }),
      ),
  }
}

type Take = LoyaltyParts['take']

/** Begins a round with the member's seed, which draws its questions and uses a right up. */
export async function begin(
  tx: Tx,
  quiz: Quiz,
  turn: Turn,
  clientSeed: string,
): Promise<{ questions: number }> {
  const { round, rights, atMs } = turn
  if (round.state !== 'committed') {
    if (round.clientSeed !== clientSeed)
      refuse('round_conflict', 'the round was begun with another seed', round.roundId)
    return { questions: (round.progress as QuizProgress).asked.length }
  }
  useRight(turn)
  const asked = drawQuestions(quiz, round, clientSeed)
  Object.assign(round, { clientSeed, state: 'open', startedAtMs: atMs, progress: { asked } })
  await saveRounds(tx, [round])
  await saveRights(tx, [...rights.changed])
  return { questions: asked.length }
}

/** The question that waits for its answer, or the result. */
export async function ask(take: Take, tx: Tx, tenantId: string, quiz: Quiz, turn: Turn): Promise<QuizStep> {
  const { round, atMs } = turn
  if (round.state === 'committed') refuse('round_conflict', 'the round has not begun', round.roundId)
  if (round.state === 'finished') return resultOf(quiz, round)
  const { asked } = round.progress as QuizProgress
  const at = currentQuestion(quiz, asked, atMs)
  if (at === null) {
    await finish(take, tx, tenantId, quiz, turn)
    return resultOf(quiz, round)
  }
  asked[at]!.askedAtMs ??= atMs
  await saveRounds(tx, [round])
  return { roundId: round.roundId, state: 'open', question: questionView(quiz, asked, at) }
}

/** Takes an answer, whose time counts from when its question was told. */
export async function takeAnswer(
  take: Take,
  tx: Tx,
  tenantId: string,
  { quiz, turn, question, option }: { quiz: Quiz; turn: Turn; question: string; option: string },
): Promise<{ isInTime: boolean; isLast: boolean }> {
  const { round, atMs } = turn
  if (round.state === 'committed') refuse('round_conflict', 'the round has not begun', round.roundId)
  const { one, isNew } = givenAnswer(round, question, option)
  if (isNew) {
    Object.assign(one, { answer: option, answeredAtMs: atMs })
    await saveRounds(tx, [round])
    const { asked } = round.progress as QuizProgress
    if (currentQuestion(quiz, asked, atMs) === null) await finish(take, tx, tenantId, quiz, turn)
  }
  return { isInTime: isInTime(quiz, one), isLast: round.state === 'finished' }
}

/** Ends a round: counts what was right, and lets loyalty give what that is worth. */
async function finish(
  take: Take,
  tx: Tx,
  tenantId: string,
  quiz: Quiz,
  { round, atMs }: Turn,
): Promise<void> {
  const { asked } = round.progress as QuizProgress
  const correct = asked.filter((one) => isCorrect(quiz, one)).length
  Object.assign(round, { state: 'finished', finishedAtMs: atMs, progress: { asked, correct } })
  await saveRounds(tx, [round])
  const rewards = quiz.rewards.filter((one) => one.correct <= correct).map(({ reward }) => reward)
  const data = { game: quiz.id, round: round.roundId, correct, questions: asked.length, rewards }
  await take(tx, tenantId, [takenOf(QUIZ_FINISHED, round, atMs, data)])
}

/** The question that is answered, and whether the answer is the first one; throws `quiz_answer_conflict`. */
function givenAnswer(round: Round, question: string, option: string): { one: Asked; isNew: boolean } {
  const { asked } = round.progress as QuizProgress
  const one = asked.find((each) => each.question === question)
  if (!one || one.askedAtMs === null || !one.options.includes(option)) {
    refuse('quiz_answer_conflict', 'this question was not asked, or has no such option', question)
  }
  const isNew = one.answer === null
  if (!isNew && one.answer !== option) refuse('quiz_answer_conflict', 'it was answered before', question)
  // A round is over only when its last question is, so nothing can be answered after it but what was late.
  if (isNew && round.state === 'finished') refuse('round_conflict', 'the round is over', round.roundId)
  return { one, isNew }
}

const isInTime = (quiz: Quiz, { askedAtMs, answeredAtMs }: Asked): boolean =>
  askedAtMs !== null && answeredAtMs !== null && answeredAtMs <= askedAtMs + quiz.secondsPerQuestion * 1_000

function resultOf(quiz: Quiz, { roundId, progress, seedHash, serverSeed }: Round): QuizResult {
  const { asked } = progress as QuizProgress
  const results = asked.map((one) => ({
    question: one.question,
    isCorrect: isCorrect(quiz, one),
    isInTime: isInTime(quiz, one),
  }))
  const correct = results.filter((one) => one.isCorrect).length
  return { roundId, state: 'finished', correct, of: asked.length, results, seedHash, serverSeed }
}
