import type { RangeRead, RangeToRead } from '@rumpfarm/farm'
import type { Task, TaskServices } from '../task.ts'

/** Reads the commits between the good and the bad end of a bisection, with the files that they change. */
export const readRange: Task<{ bisectionId: number }> = async (services, { bisectionId }) => {
  const wanted = await services.farm.bisections.findRangeToRead(bisectionId)
  if (!wanted) return readCulprit(services, bisectionId)
  const repository = (await services.farm.projects.configs()).get(wanted.project)?.repository
  const read = repository === undefined ? noProject(wanted.project) : await readFrom(services, repository, wanted)
  if (read.kind === 'problem')
    services.log.warn({ bisection: bisectionId, problem: read.problem }, 'the commits of a bisection cannot be read')
  await services.farm.bisections.storeRange(bisectionId, read)
}

/** Reads the changed lines of the commit that is probably the answer: a change of comments is doubted. */
async function readCulprit({ farm, mirrors }: TaskServices, bisectionId: number): Promise<void> {
  const culprit = await farm.bisections.findCulpritToRead(bisectionId)
  const repository = culprit && (await farm.projects.configs()).get(culprit.project)?.repository
  if (!culprit || repository === undefined) return
  const { before, after } = culprit
  const read = await mirrors.changedLines({ repository, before, after })
  await farm.bisections.storeCulpritLines(culprit, read.kind === 'lines' ? read.patch : null)
}

const noProject = (project: string): RangeRead => ({
  kind: 'problem',
  problem: `project ${project} is no longer in farm.yaml`,
})

async function readFrom(
  { mirrors }: TaskServices,
  repository: string,
  { branch, good, bad, insideMerge }: RangeToRead,
): Promise<RangeRead> {
  const range = await mirrors.range({ repository, branch, good, bad, insideMerge })
  return range.kind === 'no-branch' ? { kind: 'not-in-branch' } : range
}
