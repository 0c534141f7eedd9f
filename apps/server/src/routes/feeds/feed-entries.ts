import type { BisectedChange, CellView, HostView, RecentChange } from '@rumpfarm/farm'
import { cellPathOn } from '../dashboard/components/cell-path.ts'
import { escapeHtml, segment } from '../dashboard/components/escape.ts'
import { counted, shortCommit, statusLabel } from '../dashboard/components/status.ts'
import { runPath } from '../dashboard/pages/cell/strip.tsx'
import type { FeedEntry } from './feed-document.ts'
import { shortened } from './plain-text.ts'

/** What the addresses and ids of entries begin with. */
export interface FeedBase {
  /** The farm's address. */
  url: string
  /** A name that no other farm has. It does not change with the farm's address. */
  farm: string
}

/** An entry lists at most this many cells. */
const cellsShown = 20

const idOf = ({ farm }: FeedBase, ...parts: (string | number)[]): string =>
  `urn:rumpfarm:${farm}:${parts.map(part => encodeURIComponent(String(part))).join(':')}`

/** The newest changes of results and answers of bisections. */
export const newestEntries = (
  { changes, bisected }: { changes: readonly RecentChange[]; bisected: readonly BisectedChange[] },
  base: FeedBase,
): FeedEntry[] =>
  [...changes.map(change => changeEntry(change, base)), ...bisected.map(answer => bisectedEntry(answer, base))]
    .sort((one, other) => other.updatedAt.getTime() - one.updatedAt.getTime())
    .slice(0, entriesMax)

const entriesMax = 50

function bisectedEntry({ id, project, branch, words, at, ...cell }: BisectedChange, base: FeedBase): FeedEntry {
  const [sentence = words] = /^.*?[.](?=\s|$)/s.exec(words) ?? []
  return {
    id: idOf(base, 'bisected', id),
    title: shortened(`${project}: ${sentence.replace(/[.]$/, '')}`, 300),
    url: `${base.url}/bisections/${id}`,
    publishedAt: at,
    updatedAt: at,
    tags: [project, branch, 'bisected'],
    html: `<p>${escapeHtml(words)}</p><p>${escapeHtml(nameOf(cell))}</p>`,
    text: `${words}\n${nameOf(cell)}`,
  }
}

/** The entry of a change: cells that passed, or that failed at the same step, with one build. */
export function changeEntry(change: RecentChange, base: FeedBase): FeedEntry {
  const { project, branch, verdict, step, buildId, commit, cells, firstAt, lastAt } = change
  const paths = cells.map(cell => ({ name: nameOf(cell), path: cellPathOn({ project, branch, ...cell }) }))
  const [only] = paths.length === 1 ? paths : []
  return {
    id: idOf(base, 'change', project, branch, buildId, verdict, step ?? ''),
    title: `${project}: ${how(change)} since ${shortCommit(commit)} ${only ? `on ${only.name}` : `in ${cells.length} cells`}`,
    url: base.url + (only?.path ?? `/builds/${buildId}`),
    publishedAt: firstAt,
    updatedAt: lastAt,
    tags: [project, branch, verdict === 'passed' ? 'passing' : 'failing'],
    ...contentOf(change, paths, base),
  }
}

function how({ verdict, step }: Pick<RecentChange, 'verdict' | 'step'>): string {
  if (verdict === 'passed') return 'passes'
  const what = verdict === 'timed-out' ? 'times out' : 'fails'
  return step === null ? what : `${what} at ${step}`
}

const nameOf = ({ host, arch, variant }: { host: string; arch: string; variant: string }): string =>
  [host, arch, ...(variant === 'default' ? [] : [variant])].join(' ')

function contentOf(change: RecentChange, paths: readonly { name: string; path: string }[], { url }: FeedBase) {
  const { branch, buildId, commit, subject, author, message, cells } = change
  const about = [
    `Branch ${branch}, build ${buildId}, commit ${shortCommit(commit)}`,
    author === null ? '' : ` by ${author}`,
    subject === null ? '' : `: ${subject}`,
  ].join('')
  const line = message === null ? null : shortened(message, 500)
  const more = cells.length - cellsShown
  const shown = paths.slice(0, cellsShown)
  const rest = more > 0 ? `and ${counted(more, 'further cell')}` : ''
  const items = shown.map(({ name, path }) => `<li><a href="${escapeHtml(url + path)}">${escapeHtml(name)}</a></li>`)
  return {
    html: [
      `<p>${escapeHtml(about)}</p>`,
      line === null ? '' : `<pre>${escapeHtml(line)}</pre>`,
      `<ul>${items.join('')}${rest === '' ? '' : `<li>${rest}</li>`}</ul>`,
    ].join(''),
    text: [
      about,
      ...(line === null ? [] : [line]),
      [...shown.map(({ name }) => name), rest].filter(Boolean).join(', '),
    ].join('\n'),
  }
}

/** The entries of a cell: one for each ended run, newest first. */
export const runEntries = ({ project, host, arch, variant, branch, runs }: CellView, base: FeedBase): FeedEntry[] =>
  [...runs]
    .sort((one, other) => other.finishedAt.getTime() - one.finishedAt.getTime())
    .map(({ attempt, jobId, buildId, commit, verdict, failedStep, finishedAt }) => {
      const [name, number] = [nameOf({ host, arch, variant }), attempt.split('.')[1] ?? '1']
      const result = `${statusLabel[verdict]}${verdict === 'passed' || failedStep === null ? '' : ` at ${failedStep}`}`
      const text = `Branch ${branch}, build ${buildId}, commit ${shortCommit(commit)}, job ${jobId}, attempt ${number}`
      return {
        id: idOf(base, 'attempt', attempt),
        title: `${project} ${shortCommit(commit)} ${result} on ${name}`,
        url: base.url + runPath({ jobId, attempt }),
        publishedAt: finishedAt,
        updatedAt: finishedAt,
        tags: [project, branch, verdict],
        html: `<p>${escapeHtml(text)}</p>`,
        text,
      }
    })

/** The entry of a host that is silent now. */
export function silentEntries(
  { name, silentSince }: Pick<HostView, 'name' | 'silentSince'>,
  base: FeedBase,
): FeedEntry[] {
  if (silentSince === null) return []
  const text = 'The farm receives no messages from the host. Its jobs wait.'
  return [
    {
      id: idOf(base, 'silent', name, silentSince.toISOString()),
      title: `${name} is silent`,
      url: `${base.url}/hosts/${segment(name)}`,
      publishedAt: silentSince,
      updatedAt: silentSince,
      tags: ['silent'],
      html: `<p>${text}</p>`,
      text,
    },
  ]
}
