import { type Expired, expiredWords } from '@rumpfarm/farm'
import { branchWords, historyPath, type MissingBranch } from '../../../../http/problems/missing-branch.ts'
import { sentenceOf } from '../../../../http/problems.ts'
import { segment } from '../../components/escape.ts'
import type { Problem } from './page.tsx'

/** An error that the server answers with a page for people. */
export class PageError extends Error {
  readonly problem: Problem
  readonly status: number

  constructor(status: 404 | 409 | 410, problem: Problem) {
    super(problem.title)
    this.status = status
    this.problem = problem
  }
}

const notFound = (what: string, name: string, next: Problem['next'] & object) =>
  new PageError(404, {
    title: `There is no ${what} ${name}`,
    text: `The address names a ${what} that does not exist.`,
    next,
  })

const allBuilds = { href: '/builds', text: 'All builds' }

export const noBuild = (id: string, expired?: Expired) => missing('build', id, expired)
/** `expired`: when the farm deleted it because of `keep` in farm.yaml. */
function missing(what: 'build' | 'job', id: string, expired: Expired | undefined): PageError {
  if (!expired) return notFound(what, id, allBuilds)
  const text = `${sentenceOf(expiredWords(`${what} ${id}`, expired))} The farm has deleted it with its logs and artifacts.`
  const title = `${what === 'build' ? 'Build' : 'Job'} ${id} has expired`
  return new PageError(410, { title, text, next: allBuilds })
}
/** The tree of a try came from the machine of a person, so the server cannot build it again. */
export const cannotBuildAgain = (id: number) =>
  new PageError(409, {
    title: `The farm cannot build ${id} again`,
    text: 'The sources of this build came with its request. Send the request again.',
    next: { href: `/builds/${id}`, text: `Build ${id}` },
  })
export const noJob = (id: string, expired?: Expired) => missing('job', id, expired)
export const noTest = (project: string, id: string) =>
  notFound('test', id, { href: `/projects/${segment(project)}/tests`, text: `The tests of ${project}` })
export const noPullRequest = (number: string, project: string) =>
  notFound('pull request', `${number} of ${project}`, {
    href: `/projects/${segment(project)}/pull-requests`,
    text: `The pull requests of ${project}`,
  })
export const noBisection = (id: string) => notFound('bisection', id, { href: '/bisections', text: 'All bisections' })
export const noHost = (name: string) => notFound('host', name, { href: '/hosts', text: 'All hosts' })
export const noProject = (name: string) => notFound('project', name, { href: '/', text: 'The matrix of all projects' })

/** The matrix has no cells of this branch: the farm never built it, or it was deleted. */
export function noCellsOf(missing: MissingBranch): PageError {
  const { branch, project, deleted } = missing
  if (deleted === null) return noBranch(branch, project)
  return new PageError(410, {
    title: `Branch ${branch} was deleted`,
    text: `${sentenceOf(branchWords(missing))} Its cells left the matrix; its builds and their results stay.`,
    next: { href: historyPath(deleted), text: `The history of ${branch} of ${deleted.project}` },
  })
}

export const noBranch = (name: string, project: string | undefined) =>
  notFound('branch', name, {
    href: project === undefined ? '/' : `/?project=${segment(project)}`,
    text: `The matrix of ${project ?? 'all projects'}`,
  })

export const noCell = (name: string, project: string) =>
  notFound('cell', `${name} of ${project}`, {
    href: `/?project=${segment(project)}`,
    text: `The matrix of ${project}`,
  })
