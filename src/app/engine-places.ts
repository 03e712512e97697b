import { logName } from '../events/index.ts'
import { type Config, joinKafkaGroup } from '../platform/index.ts'
import { databaseCheckpoints, type EnginesParts } from '../triggers/index.ts'
import type { EngineStores } from './stores.ts'

/** Where trigger engines run and where they keep what they remember. */
export function enginePlaces(
  { database, databaseUrl, kafka, checkpoints }: EngineStores,
  { triggerThreads, logDir, kafkaLog }: Config,
): Pick<EnginesParts, 'checkpointsOf' | 'threads' | 'joinGroup'> {
  if (kafka && kafkaLog) {
    return {
      checkpointsOf: (tenantId) => (claim) => databaseCheckpoints(database, tenantId, claim),
      joinGroup: async (tenantId, member) => {
        const name = logName(tenantId)
        // The topic is made at the first use of the log, and a group needs it. Rejects while no broker answers.
        await kafka.log(name).endOffset(0)
        const topic = kafka.topic(name)
        return joinKafkaGroup(
          { brokers: kafkaLog.brokers, clientId: 'tenure' },
          { groupId: `${topic}.triggers`, topic, ...member },
        )
      },
    }
  }
  const threads = triggerThreads === 0 ? undefined : { count: triggerThreads, databaseUrl, logFolder: logDir }
  return { checkpointsOf: () => () => checkpoints!, threads }
}
