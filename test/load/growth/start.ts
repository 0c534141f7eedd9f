import { setTimeout as sleep } from 'node:timers/promises'
import { type Distribution, distribution } from '../figures.ts'
import type { Scene } from '../scene.ts'

const starts = 5

/**
 * Starts another server on the farm some times. Returns the milliseconds from the start of its process until `/readyz`
 * answers 200.
 */
export async function measureStart(scene: Scene): Promise<Distribution> {
  const times: number[] = []
  for (let start = 0; start < starts; start++) {
    const began = performance.now()
    await scene.addServer()
    const added = scene.servers.pop()
    if (!added) throw new Error('no server was added')
    while (!(await fetch(`${added.url}/readyz`)).ok) await sleep(5)
    times.push(performance.now() - began)
    await added.program.stop()
  }
  return distribution(times)
}
