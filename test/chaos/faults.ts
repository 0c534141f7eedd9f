import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** Something breaks, and after a while it works again. */
export interface Fault {
  name: string
  /** Whether the fault is possible in this farm; by default it is. */
  fits?(world: World): boolean
  /** Resolves when everything works again. */
  run(world: World, random: Random): Promise<void>
}

const seconds = (random: Random, min: number, max: number) => sleep(1000 * (min + random.next() * (max - min)))

const serverEnds =
  (how: 'kill9' | 'stop'): Fault['run'] =>
  async (world, random) => {
    await world.endServer(random.pick(world.servers), how)
    await seconds(random, 0, 8)
    await world.startServer()
  }

export const faults: readonly Fault[] = [
  { name: 'a server is killed', run: serverEnds('kill9') },
  { name: 'a server is restarted', run: serverEnds('stop') },
  {
    name: 'a server does not respond',
    async run({ servers }, random) {
      const { pid } = random.pick(servers)
      if (pid === undefined) return
      process.kill(pid, 'SIGSTOP')
      await seconds(random, 1, 15)
      process.kill(pid, 'SIGCONT')
    },
  },
  {
    name: 'Redis stops and loses everything',
    async run({ farm: { redis } }, random) {
      await redis?.stop()
      await seconds(random, 0, 10)
      await redis?.start()
    },
  },
  { name: 'Redis is emptied', run: async ({ farm }) => farm.redis?.flush() },
  { name: 'the connections to PostgreSQL break', run: async ({ postgres }) => postgres.breakConnections() },
  {
    name: 'PostgreSQL does not respond',
    async run({ postgres }, random) {
      void postgres.freeze()
      await seconds(random, 1, 12)
      postgres.thaw()
    },
  },
  {
    name: 'the connections between the hosts and the farm break',
    async run({ balancer }, random) {
      balancer.cut()
      await seconds(random, 0, 20)
      balancer.reconnect()
    },
  },
  {
    name: 'the bucket does not answer',
    fits: ({ bucket }) => bucket !== undefined,
    async run({ bucket }, random) {
      bucket?.goAway()
      await seconds(random, 0, 20)
      bucket?.comeBack()
    },
  },
  {
    name: 'an agent is killed',
    async run({ hosts }, random) {
      const host = random.pick(hosts)
      await host.kill9()
      await seconds(random, 0, 10)
      await host.start()
    },
  },
  {
    name: 'an agent is restarted',
    async run({ hosts }, random) {
      const host = random.pick(hosts)
      await host.stop()
      await seconds(random, 0, 10)
      await host.start()
    },
  },
]
