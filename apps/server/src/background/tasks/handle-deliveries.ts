import type { Task } from '../task.ts'

/**
 * Handles webhooks whose next try is due, and those of a server that died. A webhook that has just arrived does not wait
 * for this task.
 */
export const handleDeliveries: Task = ({ deliveryWork }) => deliveryWork.continueDue()
