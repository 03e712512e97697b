import { type Access, rolesFor } from '../access/index.ts'
import type { Counters } from '../events/index.ts'
import { DomainError, type FastifyInstance, type Sample, type Telemetry } from '../platform/index.ts'
import type { PartitionStats } from '../triggers/index.ts'
import { firingsByRule, type LiveSources } from './live.ts'

/**
 * Adds `GET /metrics` for Prometheus. It takes an API key that may read, as a bearer token (`authorization` in a
 * scrape configuration), and tells the figures of that key's tenant and of the process.
 */
export function metricsRoutes(http: FastifyInstance, telemetry: Telemetry, access: Access): void {
  http.get('/metrics', async (request, reply) => {
    const [, key] = /^bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (key === undefined) {
      throw new DomainError('key_unauthenticated', 'an API key is needed', {
        field: 'Authorization',
        expected: 'Bearer KEY',
      })
    }
    const { tenantId, role } = await access.authenticate(key)
    const roles = rolesFor('GET')
    if (!roles.includes(role)) {
      throw new DomainError('role_forbidden', `a key of role "${role}" may not do this`, {
        field: 'role',
        found: role,
        expected: roles.join(' | '),
      })
    }
    return reply
      .serializer(String)
      .type(telemetry.contentType)
      .send(await telemetry.text(tenantId))
  })
}

type Figure = { name: string; type: Sample['type']; help: string }

const FIGURES = {
  events: {
    name: 'tenure_events_total',
    type: 'counter',
    help: 'Events taken in, duplicates among them, by type.',
  },
  duplicates: {
    name: 'tenure_events_duplicates_total',
    type: 'counter',
    help: 'Events that had been taken in before and had no effect.',
  },
  refused: {
    name: 'tenure_events_refused_total',
    type: 'counter',
    help: 'Events that ingestion sent to the dead letters.',
  },
  open: { name: 'tenure_dead_letters_open', type: 'gauge', help: 'Dead letters that wait, by reason.' },
  late: {
    name: 'tenure_events_late_total',
    type: 'counter',
    help: 'Events behind the lateness bound, which went to the dead letters.',
  },
  bytes: { name: 'tenure_ingest_bytes_total', type: 'counter', help: 'Bytes of events taken in.' },
  lag: {
    name: 'tenure_log_lag_events',
    type: 'gauge',
    help: 'Events of the log that the rules have not read yet.',
  },
  firings: { name: 'tenure_firings_total', type: 'counter', help: 'Firings, by rule.' },
  retracted: {
    name: 'tenure_firings_retracted_total',
    type: 'counter',
    help: 'Firings that a late event showed to be untrue.',
  },
  latency: {
    name: 'tenure_firing_latency_seconds_bucket',
    type: 'counter',
    help: 'Firings stored within so many seconds of the arrival of their event, for histogram_quantile.',
  },
  state: { name: 'tenure_trigger_state_bytes', type: 'gauge', help: 'Memory of the rules’ state.' },
  checkpoint: {
    name: 'tenure_checkpoint_age_seconds',
    type: 'gauge',
    help: 'Time since the oldest slice of the state was written down.',
  },
} as const satisfies Record<string, Figure>

type Labels = Sample['labels']
const sample = (figure: Figure, labels: Labels, value: number): Sample => ({ ...figure, labels, value })

/** The samples of events and triggers of some tenants, from the sources of the live page. */
export async function platformSamples(
  { events, triggers, openDeadLetters }: LiveSources,
  tenantIds: readonly string[],
): Promise<Sample[]> {
  const samples = tenantIds.map(async (tenant) => [
    ...eventSamples(tenant, events.counters(tenant)),
    ...(await openDeadLetters(tenant)).map(({ code, open }) => sample(FIGURES.open, { tenant, code }, open)),
    ...partitionSamples(tenant, await triggers.stats(tenant)),
  ])
  return (await Promise.all(samples)).flat()
}

function eventSamples(tenant: string, counters: Readonly<Counters>): Sample[] {
  return [
    ...[...counters.byType].map(([type, { events }]) => sample(FIGURES.events, { tenant, type }, events)),
    sample(FIGURES.duplicates, { tenant }, counters.duplicates),
    sample(FIGURES.refused, { tenant }, counters.refused),
    sample(FIGURES.bytes, { tenant }, counters.bytes),
  ]
}

function partitionSamples(tenant: string, partitions: readonly PartitionStats[]): Sample[] {
  return [
    ...firingsByRule(partitions).map(({ ruleId, firings }) =>
      sample(FIGURES.firings, { tenant, rule: ruleId }, firings),
    ),
    ...partitions.flatMap((one) => latencySamples(tenant, one)),
    ...partitions.flatMap(({ partition, position, end, stateBytes, checkpointAgeMs, tooLate, retracted }) => {
      const labels = { tenant, partition }
      return [
        sample(FIGURES.lag, labels, end - position),
        sample(FIGURES.state, labels, stateBytes),
        sample(FIGURES.retracted, labels, retracted),
        sample(FIGURES.late, labels, tooLate),
        sample(FIGURES.checkpoint, labels, checkpointAgeMs / 1_000),
      ]
    }),
  ]
}

/** The engine's buckets grow by 5 %; each fourteenth doubles, which is enough for Prometheus. */
const EACH_BUCKET = 14

function latencySamples(
  tenant: string,
  { partition, latency }: Pick<PartitionStats, 'partition' | 'latency'>,
): Sample[] {
  const bounds = latency.filter((_, index) => index % EACH_BUCKET === EACH_BUCKET - 1)
  const labels = { tenant, partition }
  return [
    ...bounds.map(({ atMostMs, count }) =>
      sample(FIGURES.latency, { ...labels, le: Number((atMostMs / 1_000).toPrecision(3)) }, count),
    ),
    sample(FIGURES.latency, { ...labels, le: '+Inf' }, latency.at(-1)?.count ?? 0),
  ]
}
