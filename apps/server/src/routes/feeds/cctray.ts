import { isFailure, isResult, type MatrixCell } from '@rumpfarm/farm'
import { escapeHtml } from '../dashboard/components/escape.ts'
import { plainText } from './plain-text.ts'

/** One element of cctray.xml: https://cctray.org/v1/ */
export interface CctrayProject {
  name: string
  activity: 'Sleeping' | 'Building' | 'CheckingModifications'
  lastBuildStatus: 'Success' | 'Failure' | 'Exception' | 'Unknown'
  /** The number of the newest ended build. Undefined before the first. */
  lastBuildLabel?: string | undefined
  /** The format needs a time. Before the first ended job it is the start of the epoch. */
  lastBuildTime: Date
  webUrl: string
}

type Status = CctrayProject['lastBuildStatus']

/** While a cell builds again, it keeps the status of its newest ended attempt. */
function statusOf({ last }: MatrixCell): Status {
  if (!last || last.verdict === 'cancelled') return 'Unknown'
  if (!isResult(last.verdict)) return 'Exception'
  return last.verdict === 'passed' ? 'Success' : 'Failure'
}

/** A failure that farm.yaml or an acknowledgement expects does not make its project fail. */
const isExpected = ({ last, known, acknowledged }: MatrixCell): boolean =>
  last !== null && isFailure(last.verdict) && isResult(last.verdict) && (known !== null || acknowledged !== null)

function activityOf(cells: readonly MatrixCell[]): CctrayProject['activity'] {
  const states = new Set(cells.map(({ active }) => active?.state))
  if (states.has('running') || states.has('leased')) return 'Building'
  return states.has('queued') || states.has('waiting') ? 'CheckingModifications' : 'Sleeping'
}

const worstFirst: readonly Status[] = ['Failure', 'Exception', 'Success']

/** Makes one element from the cells of a branch, or from one cell. */
export function cctrayProject(name: string, webUrl: string, cells: readonly MatrixCell[]): CctrayProject {
  const counted = cells.length === 1 ? cells : cells.filter(cell => !isExpected(cell))
  const statuses = new Set(counted.map(statusOf))
  if (counted.length < cells.length) statuses.add('Success')
  const ends = cells.flatMap(({ last }) => (last ? [last] : []))
  const newest = ends.reduce((build, { buildId }) => Math.max(build, buildId), 0)
  return {
    name,
    activity: activityOf(cells),
    lastBuildStatus: worstFirst.find(status => statuses.has(status)) ?? 'Unknown',
    lastBuildLabel: newest === 0 ? undefined : String(newest),
    lastBuildTime: new Date(ends.reduce((time, { finishedAt }) => Math.max(time, finishedAt.getTime()), 0)),
    webUrl,
  }
}

export const cctrayXml = (projects: readonly CctrayProject[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Projects>\n${projects.map(projectXml).join('')}</Projects>\n`

function projectXml({ lastBuildTime, ...project }: CctrayProject): string {
  const { webUrl, ...rest } = project
  const attributes = { ...rest, lastBuildTime: lastBuildTime.toISOString(), webUrl }
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined)
  return `  <Project ${given.map(([name, value]) => `${name}="${escapeHtml(plainText(String(value)))}"`).join(' ')}/>\n`
}
