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
import { QUIZ_FINISHED } from './seat.ts'
import { takenOf, type Turn, type Turns, useRight } from './turn.ts'

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
export function createQuizzes(turns: Turns): Quizzes {
  return {
    startQuiz: (tenantId, subscriberId, roundId, clientSeed) =>
      turns<Quiz, { questions: number }>('Quiz', { tenantId, subscriberId, roundId }, (turn, quiz) =>
        begin(quiz, turn, clientSeed),
      ),
    quizQuestion: (tenantId, subscriberId, roundId) =>
      turns<Quiz, QuizStep>('Quiz', { tenantId, subscriberId, roundId }, (turn, quiz) => ask(quiz, turn)),
    answerQuiz: (tenantId, subscriberId, roundId, { question, option }) =>
      turns<Quiz, { isInTime: boolean; isLast: boolean }>(
        'Quiz',
        { tenantId, subscriberId, roundId },
        (turn, quiz) => takeAnswer(quiz, turn, question, option),
      ),
  }
}

/** Begins a round with the member's seed, which draws its questions and uses a right up. */
export function begin(quiz: Quiz, turn: Turn, clientSeed: string): { questions: number } {
  const { round, desk, atMs } = turn
  if (round.state !== 'committed') {
    if (round.clientSeed !== clientSeed)
      refuse('round_conflict', 'the round was begun with another seed', round.roundId)
    return { questions: (round.progress as QuizProgress).asked.length }
  }
  useRight(turn)
  const asked = drawQuestions(quiz, round, clientSeed)
  Object.assign(round, { clientSeed, state: 'open', startedAtMs: atMs, progress: { asked } })
  desk.rounds.add(round)
  return { questions: asked.length }
}

/** The question that waits for its answer, or the result. */
export function ask(quiz: Quiz, turn: Turn): QuizStep {
  const { round, desk, atMs } = turn
  if (round.state === 'committed') refuse('round_conflict', 'the round has not begun', round.roundId)
  if (round.state === 'finished') return resultOf(quiz, round)
  const { asked } = round.progress as QuizProgress
  const at = currentQuestion(quiz, asked, atMs)
  if (at === null) {
    finish(quiz, turn)
    return resultOf(quiz, round)
  }
  asked[at]!.askedAtMs ??= atMs
  desk.rounds.add(round)
  return { roundId: round.roundId, state: 'open', question: questionView(quiz, asked, at) }
}

/** Takes an answer, whose time counts from when its question was told. */
export function takeAnswer(
  quiz: Quiz,
  turn: Turn,
  question: string,
  option: string,
): { isInTime: boolean; isLast: boolean } {
  const { round, desk, atMs } = turn
  if (round.state === 'committed') refuse('round_conflict', 'the round has not begun', round.roundId)
  const { one, isNew } = givenAnswer(round, question, option)
  if (isNew) {
    Object.assign(one, { answer: option, answeredAtMs: atMs })
    desk.rounds.add(round)
    const { asked } = round.progress as QuizProgress
    if (currentQuestion(quiz, asked, atMs) === null) finish(quiz, turn)
  }
  return { isInTime: isInTime(quiz, one), isLast: round.state === 'finished' }
}

/** Ends a round: counts what was right, for loyalty to give what that is worth. */
function finish(quiz: Quiz, { round, desk, atMs }: Turn): void {
  const { asked } = round.progress as QuizProgress
  const correct = asked.filter((one) => isCorrect(quiz, one)).length
  Object.assign(round, { state: 'finished', finishedAtMs: atMs, progress: { asked, correct } })
  desk.rounds.add(round)
  const rewards = quiz.rewards.filter((one) => one.correct <= correct).map(({ reward }) => reward)
  const data = { game: quiz.id, round: round.roundId, correct, questions: asked.length, rewards }
  desk.events.push(takenOf(QUIZ_FINISHED, round, atMs, data))
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
