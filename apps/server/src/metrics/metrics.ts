import type { Farm } from '@rumpfarm/farm'
import { Registry } from 'prom-client'
import type { Counts } from './counts.ts'
import { farmGauges } from './farm-gauges.ts'
import { serverCounters } from './server-counters.ts'
import { serverGauges } from './server-gauges.ts'

/**
 * The values for monitoring. Counters and histograms count only what this process did, so the sum over all servers is
 * right. The gauges of the farm come from the database, so each server reports the same values.
 */
export interface Metrics extends Counts {
  /** All values in Prometheus' text format. */
  render(): Promise<{ contentType: string; text: string }>
  /** All metrics, for further gauges of the process. */
  registry: Registry
}

export interface OpenMetrics {
  farm: Pick<Farm, 'metrics' | 'poolUse'>
  dataDirectory: string
  /** How long the gauges of the farm stay in memory. */
  cacheMs?: number
}

/** The query of the farm's gauges runs at most once within this time, for any number of readers. */
const cacheMsDefault = 5_000

export function openMetrics({ farm, dataDirectory, cacheMs = cacheMsDefault }: OpenMetrics): Metrics {
  const registry = new Registry()
  const { knowProjects, ...counters } = serverCounters(registry)
  serverGauges(registry, farm, dataDirectory)
  const refresh = farmGauges(registry, farm.metrics.gauges, { cacheMs, onProjects: knowProjects })
  return {
    ...counters,
    registry,
    async render() {
      await refresh()
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}
