import type { Task } from '../task.ts'

/** Builds the newest commit of the branch of each schedule that is due. */
export const runSchedules: Task = async ({ farm, mirrors, log }) => {
  await farm.schedules.plan()
  for (const run of await farm.schedules.take()) {
    const { repository, branch, project } = run
    const found = await mirrors.resolve({ repository, ref: branch })
    if (found.kind === 'commit') {
      await farm.schedules.build(run, { commit: found.commit, subject: found.subject, author: found.author })
      continue
    }
    log.warn({ project, branch, problem: found.problem }, 'a scheduled build cannot start')
    await farm.schedules.fail(run, found.problem)
  }
}
