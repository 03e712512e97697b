import fastifyStatic from '@fastify/static'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from '../platform/index.ts'

/** Folder that `npm run build` writes. */
const built = join(import.meta.dirname, '../../web/dist')

/** Serves the console; every path that is not the API's or a file's is a page of it. */
export function consoleRoutes(http: FastifyInstance): void {
  if (!existsSync(built)) return
  http.register(fastifyStatic, { root: built, wildcard: false, maxAge: '1h', immutable: true })
  http.get('/*', (request, reply) =>
    request.url.startsWith('/v1/') ? reply.callNotFound() : reply.sendFile('index.html', { maxAge: 0 }),
  )
}
