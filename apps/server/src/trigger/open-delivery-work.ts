import { asTask, type Farm, type PendingDelivery } from '@rumpfarm/farm'
import type { Logger } from 'pino'
import type { Services } from '../services.ts'
import type { DeliveryWork } from './delivery-work.ts'
import { handleDelivery } from './handle-delivery.ts'

/** A process handles this many deliveries at once; further ones wait for their turn, and then in the database. */
const atOnceMax = 8
const waitingMax = 200
const holdMs = 20_000
const closeMsMax = 2_000

export function openDeliveryWork({
  farm,
  mirrors,
  log,
}: Pick<Services, 'farm' | 'mirrors'> & { log: Logger }): DeliveryWork {
  const running = new Set<Promise<void>>()
  const waiting: PendingDelivery[] = []

  function start(delivery: PendingDelivery): void {
    if (running.size >= atOnceMax) {
      if (waiting.length < waitingMax) waiting.push(delivery)
      return
    }
    const run = asTask(() => handleOne(delivery)).finally(() => {
      running.delete(run)
      const next = waiting.shift()
      if (next) start(next)
    })
    running.add(run)
  }

  async function handleOne(delivery: PendingDelivery): Promise<void> {
    const { id, sender } = delivery
    const holding = setInterval(() => void farm.deliveries.hold(delivery).catch(() => undefined), holdMs)
    try {
      const handled = await handleDelivery({ farm, mirrors }, delivery)
      const outcome = await farm.deliveries.record(delivery, handled)
      log.info({ delivery: id, sender, outcome }, 'a webhook was handled')
    } catch (error) {
      log.error({ err: error, delivery: id, sender }, 'a webhook could not be handled; retrying in 60 s')
      await postpone(farm, delivery)
    } finally {
      clearInterval(holding)
    }
  }

  const idle = async () => {
    while (running.size > 0) await Promise.all(running)
  }

  return {
    start,
    idle,
    async continueDue() {
      const free = atOnceMax - running.size
      if (free <= 0) return
      for (const delivery of await farm.deliveries.takeDue(free)) start(delivery)
    },
    async close() {
      waiting.length = 0
      const wait = new Promise<void>(resolve => setTimeout(resolve, closeMsMax).unref())
      await Promise.race([idle(), wait])
    },
  }
}

/** If the database cannot be reached either, the delivery is due again after a minute. */
const postpone = (farm: Farm, delivery: PendingDelivery) =>
  farm.deliveries.postpone(delivery, 'an error in the server; its log has the details').catch(() => undefined)
