import { segment } from './escape.ts'

/** The path of a feed without its extension; it may end with a query. */
export type FeedPath = string

const onBranch = (branch: string | undefined): string => (branch === undefined ? '' : `?branch=${segment(branch)}`)

export const changesFeedPath: FeedPath = '/feeds/changes'

export const projectFeedPath = (project: string, branch?: string): FeedPath =>
  `/feeds/projects/${segment(project)}${onBranch(branch)}`

export const hostFeedPath = (host: string): FeedPath => `/feeds/hosts/${segment(host)}`

interface CellName {
  project: string
  host: string
  arch: string
  variant: string
}

export const cellFeedPath = ({ project, host, arch, variant }: CellName, branch?: string): FeedPath =>
  `/feeds/projects/${segment(project)}/cells/${segment(host)}/${segment(arch)}/${segment(variant)}${onBranch(branch)}`

/** The path of a feed with its extension, which comes before the query. */
export const feedPathAs = (feed: FeedPath, extension: 'atom' | 'json'): string => {
  const [path, query] = feed.split('?')
  return `${path}.${extension}${query === undefined ? '' : `?${query}`}`
}

export const projectBadgePath = (project: string, extension: 'svg' | 'json' = 'svg'): string =>
  `/badges/projects/${segment(project)}.${extension}`

export const hostBadgePath = (host: string): string => `/badges/hosts/${segment(host)}.svg`
