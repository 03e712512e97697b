import { isoOf } from '../../platform/index.ts'
import type { Quiz } from './documents.ts'
import { drawn } from './fairness.ts'
import type { Round } from './round.ts'

/** A question of a round, with its options in the order in which they are shown. */
export type Asked = {
  question: string
  options: string[]
  askedAtMs: number | null
  answer: string | null
  answeredAtMs: number | null
}
export type QuizProgress = { asked: Asked[] }

/** Tickets for questions begin at 0; those for the options of question i at 100 × (i + 1). */
const OPTION_TICKETS = 100

/** The questions of a round and the order of their options, as both seeds draw them. */
export function drawQuestions(
  quiz: Quiz,
  { serverSeed, roundId }: Pick<Round, 'serverSeed' | 'roundId'>,
  clientSeed: string,
): Asked[] {
  const seeds = { serverSeed, clientSeed, roundId }
  return drawn(seeds, 0, quiz.questions.length, quiz.perRound).map((at, i) => {
    const { id, options } = quiz.questions[at]!
    const order = drawn(seeds, OPTION_TICKETS * (i + 1), options.length, options.length)
    const blank = { askedAtMs: null, answer: null, answeredAtMs: null }
    return { question: id, options: order.map((n) => options[n]!.id), ...blank }
  })
}

/** A question as the member sees it: without its answer. */
export function questionView(quiz: Quiz, asked: Asked[], i: number) {
  const { question, options, askedAtMs } = asked[i]!
  const { text, options: all } = quiz.questions.find(({ id }) => id === question)!
  return {
    number: i + 1,
    of: asked.length,
    question,
    text,
    options: options.map((id) => all.find((option) => option.id === id)!),
    answerUntil: isoOf(askedAtMs! + quiz.secondsPerQuestion * 1_000),
  }
}

/** Whether an answer is right and came in time. */
export function isCorrect(quiz: Quiz, { question, answer, askedAtMs, answeredAtMs }: Asked): boolean {
  if (
    askedAtMs === null ||
    answeredAtMs === null ||
    answeredAtMs > askedAtMs + quiz.secondsPerQuestion * 1_000
  )
    return false
  return quiz.questions.find(({ id }) => id === question)?.answer === answer
}

/** Index of the question that waits for its answer or is to be asked next; null when all had their time. */
export function currentQuestion(quiz: Quiz, asked: Asked[], nowMs: number): number | null {
  const i = asked.findIndex(({ askedAtMs, answeredAtMs }) => {
    const isOver = askedAtMs !== null && nowMs > askedAtMs + quiz.secondsPerQuestion * 1_000
    return answeredAtMs === null && !isOver
  })
  return i < 0 ? null : i
}
