import type { KafkaLogOptions, KafkaLogStore } from './kafka.ts'
import type { KafkaMembership, MembershipOptions } from './kafka-membership.ts'
import type { KafkaConnection } from './kafka-topic.ts'

// The client is loaded only where there is a cluster: it takes a quarter of a second and fifty megabytes.

/** Connects to a Kafka cluster as the store of logs. Rejects when no broker answers. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<KafkaLogStore> {
  const { KafkaLogStore: Store } = await import('./kafka.ts')
  return Store.open(options)
}

/** Begins to be a member of a consumer group, which it tries until it leaves; what it holds is told to `onAssigned`. */
export async function joinKafkaGroup(
  connection: KafkaConnection,
  options: MembershipOptions,
): Promise<KafkaMembership> {
  const { KafkaMembership: Membership } = await import('./kafka-membership.ts')
  const membership = new Membership(connection)
  void membership.join(options)
  return membership
}
