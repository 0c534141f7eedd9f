import { commitLink } from '@rumpfarm/connectors'
import { cut } from '@rumpfarm/contracts'
import {
  compareSystems,
  isFailure,
  isResult,
  type Matrix,
  type MatrixCell,
  type MatrixHost,
  orderArches,
} from '@rumpfarm/farm'
import { knownText } from '../../../api/matrix-formats.ts'
import { escapeHtml, segment } from '../../components/escape.ts'
import { shortCommit, statusLabel } from '../../components/status.ts'
import { age, moment } from '../../components/times.ts'
import { spread } from './spread.ts'

// This file uses strings instead of components. For 1,200 failing cells, strings take 4 ms of CPU and Preact takes 14
// ms, on the machine of docs/performance.md. The goal for the whole page is 20 ms. To save more bytes and time, many
// elements have no end tag. An attribute has no quotes if it contains only numbers, fixed words and encoded path
// segments.

interface TableView {
  at: Date
  manyProjects: boolean
  publicPath: string
  /** The repository of each project. */
  repositories: ReadonlyMap<string, string>
}

/**
 * The table has a row for each host and a column for each architecture. A cell has a line for each project and variant.
 */
export function tableHtml(
  matrix: Matrix,
  publicPath = '',
  repositories: TableView['repositories'] = new Map(),
): string {
  const arches = archesShown(matrix)
  const cells = cellsByHost(matrix.cells)
  const view = { at: matrix.at, manyProjects: matrix.projects.length > 1, publicPath, repositories }
  const head = arches.map(arch => `<th scope=col>${escapeHtml(arch)}`).join('')
  const hosts = [...matrix.hosts].sort((one, other) => compareSystems(one.os, other.os))
  const rows = hosts.map(host => rowHtml(host, arches, cells, view))
  return `<table class=matrix-table><caption class=hidden-text>Newest result by host and architecture</caption>
<thead><tr><th scope=col>host${head}</thead><tbody>${rows.join('')}</tbody></table>`
}

/** Leaves out the architectures for which no host builds these projects. */
function archesShown(matrix: Matrix): string[] {
  const used = new Set(matrix.cells.map(cell => cell.arch))
  return orderArches(used.size === 0 ? matrix.arches : used).map(({ arch }) => arch)
}

type CellsByHost = Map<string, Map<string, MatrixCell[]>>

function cellsByHost(cells: readonly MatrixCell[]): CellsByHost {
  const byHost: CellsByHost = new Map()
  for (const cell of cells) {
    const byArch = byHost.get(cell.host) ?? new Map<string, MatrixCell[]>()
    const others = byArch.get(cell.arch)
    if (others) others.push(cell)
    else byArch.set(cell.arch, [cell])
    byHost.set(cell.host, byArch)
  }
  return byHost
}

function rowHtml(host: MatrixHost, arches: string[], cellsOf: CellsByHost, view: TableView): string {
  const byArch = cellsOf.get(host.name)
  const cells = arches.map(arch => {
    const found = byArch?.get(arch)
    return found ? `<td data-arch="${escapeHtml(arch)}">${found.map(cell => lineHtml(cell, view)).join('')}` : '<td>'
  })
  return `<tr><th scope=row>${hostHtml(host, view)}${cells.join('')}\n`
}

function hostHtml(host: MatrixHost, { at, publicPath }: TableView): string {
  const { name, system, presence, refusal } = host
  const link = `<a href=${publicPath}/hosts/${segment(name)} title="${escapeHtml(name)}">${escapeHtml(name)}</a>`
  const lastSeen = presence === 'silent' || presence === 'away' ? ` ${time(host.lastSeenAt, at)}` : ''
  const refused = refusal ? `<em class=error>takes no jobs: ${escapeHtml(cut(refusal, 120))}</em>` : ''
  return `${link} <em class=${presence}>${presence}${lastSeen}</em> <small>${escapeHtml(system)}</small> ${refused}`
}

function lineHtml(cell: MatrixCell, view: TableView): string {
  const title = nameHtml(cell, view)
  const prevented = cell.prevented === null ? '' : escapeHtml(cut(cell.prevented, 200))
  if (!cell.last) {
    const words = cell.active ? 'first run' : prevented || statusLabel['never-ran']
    return `<p class=${cell.status}>${title}${words}${activeHtml(cell, view)}</p>`
  }
  const { jobId, failedStep, verdict } = cell.last
  const step = failedStep && isFailure(verdict) ? ` <b>${escapeHtml(failedStep)}</b>` : ''
  const link = `<a href=${view.publicPath}/jobs/${jobId}>${cell.retrying ? 'retrying' : statusLabel[verdict]}${step}</a>`
  const now = prevented && ` <small>now ${prevented}</small>`
  const tests = cell.last.testsMissing ? ' <small class="mark tests-missing">tests missing</small>' : ''
  const known = cell.known === null ? '' : ` <small>${escapeHtml(cut(knownText(cell), 220))}</small>`
  return `<p class=${cell.status}>${title}${link}${tests}${sinceHtml(cell, view)}${activeHtml(cell, view)}${now}${known}</p>`
}

function nameHtml({ project, variant }: MatrixCell, { manyProjects }: TableView): string {
  const words = [manyProjects ? project : '', variant === 'default' ? '' : variant].filter(Boolean).join(' ')
  return words === '' ? '' : `<i>${escapeHtml(words)}</i> `
}

function sinceHtml({ project, last, alike }: MatrixCell, { at, publicPath, repositories }: TableView): string {
  if (!last) return ''
  const { since, changed, lastGood } = last
  const first = `${time(since.at, at)} <a href=${publicPath}/builds/${since.buildId} title=${since.commit}>#${since.buildId}</a>`
  if (!isFailure(last.verdict)) return ` <small>${first}</small>`
  const commitHtml = (commit: string, title = '') => linkedCommit(repositories.get(project), commit, title)
  const where = isResult(last.verdict) ? spread(alike.cells + 1, alike.of + 1, alike.notYet) : ''
  const good = lastGood
    ? `last good ${commitHtml(lastGood.commit, `build ${lastGood.buildId}, ${moment(lastGood.at)}`)}`
    : 'never passed'
  const other = changed && `different failure before #${changed.buildId}`
  const parts = [`${first} ${commitHtml(since.commit)}`, other, where, good].filter(Boolean)
  return ` <small>${parts.join('</small> <small>')}</small>`
}

/** A commit, which links to its page on the forge if the address of the repository tells the forge. */
function linkedCommit(repository: string | undefined, commit: string, title: string): string {
  const code = `<code${title && ` title="${title}"`}>${shortCommit(commit)}</code>`
  const link = repository === undefined ? undefined : commitLink(repository, commit)
  return link === undefined ? code : `<a rel="nofollow noreferrer" href="${escapeHtml(link)}">${code}</a>`
}

function activeHtml({ active }: MatrixCell, { at, publicPath }: TableView): string {
  if (!active) return ''
  const step = active.step ? ` <b>${escapeHtml(active.step)}</b>` : ''
  return ` <a class=${active.state} href=${publicPath}/jobs/${active.jobId}>${statusLabel[active.state]}${step} ${time(active.since, at)}</a>`
}

const time = (from: Date, at: Date) =>
  `<time datetime=${from.toISOString()} title="${moment(from)}">${age(from, at)}</time>`
