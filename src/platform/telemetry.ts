import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'

/**
 * One measured value. `name` carries its unit last (`…_bytes`, `…_seconds`) or `_total` for a counter; samples of one
 * name have the same type, help and label names.
 */
export type Sample = {
  name: string
  help: string
  type: 'counter' | 'gauge'
  labels: Record<string, string | number>
  value: number
}

/** Tells what a module counts, from figures that it holds anyway. Called at each scrape, never on a hot path. */
export type SampleProvider = () => Promise<Sample[]>

/**
 * What one process tells Prometheus. Modules give plain samples and know nothing of the library; the registries
 * belong to this object, so that several applications in one process do not mix.
 */
export class Telemetry {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE
  readonly #process = new Registry()
  readonly #providers: SampleProvider[] = []

  constructor() {
    collectDefaultMetrics({ register: this.#process })
  }

  /** Adds a source of samples. */
  add(provider: SampleProvider): void {
    this.#providers.push(provider)
  }

  /**
   * The Prometheus text of the process's own figures and of those samples that the tenant may see: its own (label
   * `tenant`) and those that belong to nobody.
   * @throws what a provider throws: half of the figures would look like a fall of the others.
   */
  async text(tenantId: string): Promise<string> {
    const samples = (await Promise.all(this.#providers.map((provider) => provider()))).flat()
    const own = samples.filter(
      ({ labels }) => labels['tenant'] === undefined || labels['tenant'] === tenantId,
    )
    // A registry for each scrape: two scrapes at once cannot meet half-filled figures, and what is gone is gone.
    const scraped = new Registry()
    for (const group of Map.groupBy(own, ({ name }) => name).values()) write(scraped, group)
    return `${await this.#process.metrics()}\n${await scraped.metrics()}`
  }
}

function write(registry: Registry, samples: Sample[]): void {
  const { name, help, type, labels } = samples[0]!
  const settings = { name, help, labelNames: Object.keys(labels), registers: [registry] }
  if (type === 'gauge') {
    const gauge = new Gauge(settings)
    for (const sample of samples) gauge.set(sample.labels, sample.value)
    return
  }
  const counter = new Counter(settings)
  for (const sample of samples) counter.inc(sample.labels, sample.value)
}
