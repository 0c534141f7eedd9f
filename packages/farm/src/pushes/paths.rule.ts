import type { ProjectConfig } from '@rumpfarm/contracts'
import { matcher } from '../projects/patterns.rule.ts'

export type PathRules = Pick<ProjectConfig, 'paths' | 'pathsIgnore'>

/** The files that a push changes. Undefined if git cannot tell them, for example at the first push of a branch. */
export type ChangedFiles = readonly string[] | undefined

/** Whether the farm must know the changed files before it can decide. */
export const hasPathRules = ({ paths, pathsIgnore }: PathRules): boolean =>
  paths !== undefined || pathsIgnore !== undefined

/** Why a push with these changes does not build the project; undefined if it does. */
export function pathProblem({ paths, pathsIgnore }: PathRules, files: ChangedFiles): string | undefined {
  if (files === undefined) return undefined
  const wanted = paths === undefined ? files : files.filter(matcher(withInside(paths)))
  if (paths !== undefined && wanted.length === 0) return `no changed file matches the paths ${paths.join(', ')}`
  if (pathsIgnore === undefined) return undefined
  const ignores = matcher(withInside(pathsIgnore))
  if (wanted.some(file => !ignores(file))) return undefined
  return `all changed files match the paths-ignore ${pathsIgnore.join(', ')}`
}

/** A pattern without a wildcard can name a directory, and then means all files in it. */
const withInside = (patterns: readonly string[]): string[] =>
  patterns.flatMap(pattern => [pattern, `${pattern.replace(/\/+$/, '')}/**`])
