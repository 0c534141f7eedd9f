import type { Services } from '../services.ts'

/** Handles a stored delivery again. Returns whether the farm can do this. */
export async function replay({ farm, deliveryWork }: Services, id: number): Promise<boolean> {
  const delivery = await farm.deliveries.replay(id)
  if (delivery) deliveryWork.start(delivery)
  return delivery !== undefined
}
