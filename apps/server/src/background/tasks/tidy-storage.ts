import type { Task } from '../task.ts'

/** With a bucket: packs logs and artifacts that a server left, and deletes outdated objects. */
export const tidyStorage: Task = ({ farm }) => farm.tidyStorage()
