import type { RemoteRefs } from './remote-answers.ts'

/** The full names that a short name can mean: first a branch, then a tag. A full name has one meaning. */
export const namesOf = (ref: string): string[] =>
  /^refs\/(heads|tags)\//.test(ref) ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`]

export function branchOf(refs: RemoteRefs, ref: string): string | undefined {
  const branch = ref.replace(/^refs\/heads\//, '')
  return refs.commits.has(`refs/heads/${branch}`) && !ref.startsWith('refs/tags/') ? branch : undefined
}

/** The tag that a ref names, if the ref names no branch. */
export const tagOf = (ref: string | undefined): string | undefined => ref?.replace(/^refs\/tags\//, '')
