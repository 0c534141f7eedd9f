import { statfs } from 'node:fs/promises'
import type { Farm } from '@rumpfarm/farm'
import { Gauge, type Registry } from 'prom-client'

/** The gauges of this process and of its machine, except those of process-metrics.ts. */
export function serverGauges(registry: Registry, farm: Pick<Farm, 'poolUse'>, dataDirectory: string): void {
  const registers = [registry]
  new Gauge({
    name: 'rumpfarm_database_connections',
    help: 'Connections of this server to the database, by pool and state',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      for (const [pool, { used, idle }] of Object.entries(farm.poolUse())) {
        this.set({ pool, state: 'used' }, used)
        this.set({ pool, state: 'idle' }, idle)
      }
    },
  })
  new Gauge({
    name: 'rumpfarm_database_connections_max',
    help: 'The largest number of connections of a pool',
    labelNames: ['pool'],
    registers,
    collect() {
      for (const [pool, { max }] of Object.entries(farm.poolUse())) this.set({ pool }, max)
    },
  })
  new Gauge({
    name: 'rumpfarm_database_waiting',
    help: 'Statements of this server that wait for a connection, by pool',
    labelNames: ['pool'],
    registers,
    collect() {
      for (const [pool, { waiting }] of Object.entries(farm.poolUse())) this.set({ pool }, waiting)
    },
  })
  new Gauge({
    name: 'rumpfarm_data_bytes',
    help: 'Size of the file system of the data directory, and its free space',
    labelNames: ['state'],
    registers,
    async collect() {
      const { bavail, blocks, bsize } = await statfs(dataDirectory)
      this.set({ state: 'free' }, bavail * bsize)
      this.set({ state: 'size' }, blocks * bsize)
    },
  })
}
