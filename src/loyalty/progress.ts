import { Readable } from 'node:stream'
import { json, type FastifyReply, type FastifyRequest, problemOf } from '../platform/index.ts'

/**
 * Answers with the result of a long work. Who accepts `application/x-ndjson` gets a line of `progress` now and then,
 * and `result` or `problem` at the end; everybody else the result alone. What is refused before the first progress is
 * an ordinary problem.
 */
export async function answerWithProgress<P, R>(
  request: FastifyRequest,
  reply: FastifyReply,
  work: (onProgress: (progress: P) => void) => Promise<R>,
): Promise<R | FastifyReply> {
  if (!request.headers.accept?.includes('application/x-ndjson')) return work(() => undefined)
  const lines = new Readable({ read: () => undefined })
  const begun = Promise.withResolvers<void>()
  const done = work((progress) => {
    lines.push(`${json({ progress })}\n`)
    begun.resolve()
  })
  done
    .then(
      (result) => lines.push(`${json({ result })}\n`),
      (error: unknown) => lines.push(`${json({ problem: problemOf(error) })}\n`),
    )
    .finally(() => lines.push(null))
  await Promise.race([begun.promise, done])
  return reply.type('application/x-ndjson').send(lines)
}
