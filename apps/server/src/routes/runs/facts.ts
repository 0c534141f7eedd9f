import type { AttemptView, JobView, RunDifferences } from '@rumpfarm/farm'
import { shortCommit } from '../dashboard/components/status.ts'

export interface Run {
  job: JobView
  attempt: AttemptView
}

export interface FactRow {
  name: string
  before: string
  after: string
}

/** What differs between two runs besides their logs: host, commits, compiler, host facts and recipe. */
export function differingFacts(before: Run, after: Run, { facts, recipe }: RunDifferences): FactRow[] {
  const rows: FactRow[] = [
    { name: 'host', before: before.job.host, after: after.job.host },
    { name: 'architecture', before: before.job.arch, after: after.job.arch },
    { name: 'variant', before: before.job.variant, after: after.job.variant },
    { name: 'branch', before: before.job.branch ?? '', after: after.job.branch ?? '' },
    { name: 'commit', before: shortCommit(before.job.commit), after: shortCommit(after.job.commit) },
    ...sourceRows(before.job, after.job),
    { name: 'compiler', before: before.attempt.compiler ?? '', after: after.attempt.compiler ?? '' },
    ...facts,
    ...recipe.map(part => ({ name: `recipe: ${part}`, before: '', after: 'changed' })),
  ]
  return rows.filter(row => row.before !== row.after)
}

/** The commits of the further sources. The first source is the project itself. */
function sourceRows(before: JobView, after: JobView): FactRow[] {
  const names = [...new Set([...before.preparedSources, ...after.preparedSources].map(({ name }) => name))]
  const commitOf = (job: JobView, name: string) => {
    const commit = job.preparedSources.find(source => source.name === name)?.commit
    return commit === undefined || commit === job.commit ? '' : shortCommit(commit)
  }
  return names.map(name => ({ name: `source ${name}`, before: commitOf(before, name), after: commitOf(after, name) }))
}

export interface StepRow {
  name: string
  before: AttemptView['steps'][number] | undefined
  after: AttemptView['steps'][number] | undefined
}

/** The steps of both runs, in the order of the later run. */
export function comparedSteps(before: Run, after: Run): StepRow[] {
  const names = new Set([...after.job.recipe.steps, ...before.job.recipe.steps].map(({ name }) => name))
  const find = ({ attempt }: Run, name: string) => attempt.steps.find(step => step.name === name)
  return [...names].map(name => ({ name, before: find(before, name), after: find(after, name) }))
}

/** The step whose output the page compares: the failed step, else the first step with another exit code, else the last. */
export function comparedStep(rows: readonly StepRow[], { attempt }: Run): string | undefined {
  const both = rows.filter(({ before, after }) => before && after)
  const failed = both.find(({ name }) => name === attempt.failedStep)
  return (failed ?? both.find(({ before, after }) => before?.exit !== after?.exit) ?? both.at(-1))?.name
}
