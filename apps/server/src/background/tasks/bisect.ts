import type { Task } from '../task.ts'

/** Starts the bisections that farm.yaml allows, and takes the next step of each open bisection. */
export const bisect: Task = async services => {
  const started = await services.farm.bisections.startAutomatic()
  for (const bisection of started) services.log.info({ bisection }, 'bisection started')
  await advanceBisections(services, {})
}

/** Takes the next step of each open bisection, and requests the commits of a new one. */
export const advanceBisections: Task = async ({ farm, requests, log }) => {
  for (const { id, state } of await farm.bisections.listOpen()) {
    if (state === 'preparing') requests.readRange(id)
    else if ((await farm.bisections.advance(id)) === 'finished') log.info({ bisection: id }, 'bisection finished')
  }
}
