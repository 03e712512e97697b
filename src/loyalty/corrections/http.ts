import { type Access, principalOf } from '../../access/index.ts'
import { type FastifyInstance, parseInput } from '../../platform/index.ts'
import type { Profiles } from '../../profiles/index.ts'
import { subscriberOf } from '../subscriber-parameter.ts'
import { correctionBody, type CorrectionView, correctionView } from './contract.ts'
import type { Corrections } from './service.ts'

const operation = {
  summary: 'Give or take points by hand, with the reason',
  body: correctionBody,
  answer: correctionView,
}

/** `POST /v1/members/:subscriber/points/corrections` gives or takes points by hand, with the reason. */
export function correctionRoutes(
  http: FastifyInstance,
  parts: { corrections: Corrections; profiles: Profiles; access: Access },
): void {
  const { corrections, profiles, access } = parts
  http.post<{ Params: { subscriber: string } }>(
    '/v1/members/:subscriber/points/corrections',
    { config: { roles: ['admin'] as const, operation } },
    async (request): Promise<CorrectionView> => {
      const { programme, points, reason, key } = parseInput(correctionBody, request.body)
      const { tenantId, keyId } = principalOf(request)
      const subscriberId = await subscriberOf(profiles, tenantId, request.params.subscriber)
      const available = await corrections.correct({
        tenantId,
        programmeId: programme,
        subscriberId,
        points: BigInt(points),
        reason,
        by: keyId,
        key,
      })
      const details = { programme, points, reason, ...(key === undefined ? {} : { key }) }
      await access.auditAlone(tenantId, {
        keyId,
        action: 'points_corrected',
        target: String(subscriberId),
        details,
      })
      return { available: available.toString() }
    },
  )
}
