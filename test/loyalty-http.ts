import { guard } from '../src/access/index.ts'
import { loyaltyRoutes } from '../src/loyalty/index.ts'
import { createHttp } from '../src/platform/index.ts'
import type { LoyaltyWorld } from './loyalty-world.ts'

type Role = 'admin' | 'read'

/** The routes of loyalty over a world, asked with keys of the world's tenant. */
export async function loyaltyHttp(world: LoyaltyWorld) {
  const http = createHttp((error) => console.error(error))
  guard(http, world.access)
  loyaltyRoutes(http, world)
  const keyOf = async (role: Role) =>
    (await world.access.createKey(world.tenantId, { name: role, role })).apiKey
  const keys = { admin: await keyOf('admin'), read: await keyOf('read') }
  return {
    /** The answer's status and body, parsed unless something else than JSON was asked for. */
    async ask(
      method: 'GET' | 'POST',
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
