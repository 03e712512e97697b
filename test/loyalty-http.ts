import { guard } from '../src/access/index.ts'
import { loyaltyRoutes } from '../src/loyalty/index.ts'
import { createHttp } from '../src/platform/index.ts'
import { holdAnswers } from './described-answers.ts'
import type { LoyaltyWorld } from './loyalty-world.ts'

type Role = 'admin' | 'read'

/** The routes of loyalty over a world, asked with keys of the world's tenant, whose answers are held to their description. */
export async function loyaltyHttp(world: LoyaltyWorld) {
  const http = createHttp((error) => console.error(error))
  const answered = holdAnswers(http)
  guard(http, world.access)
  loyaltyRoutes(http, world)
  const keyOf = async (role: Role) =>
    (await world.access.createKey(world.tenantId, { name: role, role })).apiKey
  const keys = { admin: await keyOf('admin'), read: await keyOf('read') }
  return {
    /** Operations that were answered, each as it is described. */
    answered,
    /** The answer's status and body, parsed unless something else than JSON was asked for. */
    async ask(
      method: 'GET' | 'POST' | 'PUT',
      url: string,
      payload?: object,
      role: Role = 'admin',
      accept = 'application/json',
    ) {
      const headers = { authorization: `Bearer ${keys[role]}`, accept }
      const answer = await http.inject({ method, url, headers, ...(payload ? { payload } : {}) })
      const isJson = String(answer.headers['content-type']).includes('json') && accept === 'application/json'
      return { status: answer.statusCode, body: isJson ? answer.json() : answer.body }
    },
    close: () => http.close(),
  }
}

export type LoyaltyHttp = Awaited<ReturnType<typeof loyaltyHttp>>
