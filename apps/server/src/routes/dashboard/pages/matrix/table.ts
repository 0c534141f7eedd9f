import { cut } from '@rumpfarm/contracts'
import { isResult, type Matrix, type MatrixCell, type MatrixHost } from '@rumpfarm/farm'
import { isRetrying, knownWords } from '../../../api/matrix-formats.ts'
import { escapeHtml, segment } from '../../components/html.ts'
import { age, moment } from '../../components/times.ts'
import { isTrouble, shortCommit, wordOf } from '../../components/verdict-words.ts'
import { cellStatus, spread } from './summary.ts'

// Strings rather than components: 1,200 failing cells take 4 ms of CPU so, and 14 ms with preact (both on the machine of
// docs/performance.md), where the whole page is to take 20. Unquoted attributes hold only numbers, words of ours, and
// encoded path segments.

interface Look {
  at: Date
  manyProjects: boolean
  publicPath: string
}

/** The matrix as a table: hosts down, architectures across, a line for each project and variant that is expected there. */
export function drawTable(matrix: Matrix, publicPath = ''): string {
  const arches = archesShown(matrix)
  const cells = cellsByPlace(matrix.cells)
  const look = { at: matrix.at, manyProjects: matrix.projects.length > 1, publicPath }
  const head = arches.map(arch => `<th scope=col>${escapeHtml(arch)}`).join('')
  const rows = matrix.hosts.map(host => drawRow(host, arches, cells, look))
  return `<table class=mx><caption class=vh>Newest result of each host, by architecture</caption>
<thead><tr><th scope=col>host${head}</thead><tbody>${rows.join('')}</tbody></table>`
}

/** An architecture nobody builds this project for has no column. */
function archesShown(matrix: Matrix): string[] {
  const used = new Set(matrix.cells.map(cell => cell.arch))
  return used.size === 0 ? matrix.arches : matrix.arches.filter(arch => used.has(arch))
}

type Places = Map<string, Map<string, MatrixCell[]>>

function cellsByPlace(cells: readonly MatrixCell[]): Places {
  const places: Places = new Map()
  for (const cell of cells) {
    const row = places.get(cell.host) ?? new Map<string, MatrixCell[]>()
    const place = row.get(cell.arch)
    if (place) place.push(cell)
    else row.set(cell.arch, [cell])
    places.set(cell.host, row)
  }
  return places
}

function drawRow(host: MatrixHost, arches: string[], places: Places, look: Look): string {
  const row = places.get(host.name)
  const cells = arches.map(arch => {
    const place = row?.get(arch)
    return place ? `<td data-a="${escapeHtml(arch)}">${place.map(cell => drawLine(cell, look)).join('')}` : '<td>'
  })
  return `<tr><th scope=row>${drawHost(host, look)}${cells.join('')}\n`
}

function drawHost(host: MatrixHost, { at, publicPath }: Look): string {
  const { name, system, presence, refusal } = host
  const link = `<a href=${publicPath}/hosts/${segment(name)} title="${escapeHtml(name)}">${escapeHtml(name)}</a>`
  const heard = presence === 'silent' || presence === 'away' ? ` ${time(host.lastSeenAt, at)}` : ''
  const refused = refusal ? `<em class=no>takes no work: ${escapeHtml(cut(refusal, 120))}</em>` : ''
  return `${link} <em class=${presence}>${presence}${heard}</em> <small>${escapeHtml(system)}</small> ${refused}`
}

function drawLine(cell: MatrixCell, look: Look): string {
  const status = cellStatus(cell)
  const title = drawName(cell, look)
  const prevented = cell.prevented === null ? '' : escapeHtml(cut(cell.prevented, 200))
  if (!cell.last) {
    const words = cell.active ? 'first run' : prevented || wordOf.never
    return `<p class=${status}>${title}${words}${drawActive(cell, look)}</p>`
  }
  const { jobId, failedStep, verdict } = cell.last
  const step = failedStep && isTrouble(verdict) ? ` <b>${escapeHtml(failedStep)}</b>` : ''
  const link = `<a href=${look.publicPath}/jobs/${jobId}>${isRetrying(cell) ? 'retrying' : wordOf[verdict]}${step}</a>`
  const now = prevented && ` <small>now ${prevented}</small>`
  const known = cell.known === null ? '' : ` <small>${escapeHtml(cut(knownWords(cell), 220))}</small>`
  return `<p class=${status}>${title}${link}${drawSince(cell, look)}${drawActive(cell, look)}${now}${known}</p>`
}

function drawName({ project, variant }: MatrixCell, { manyProjects }: Look): string {
  const words = [manyProjects ? project : '', variant === 'default' ? '' : variant].filter(Boolean).join(' ')
  return words === '' ? '' : `<i>${escapeHtml(words)}</i> `
}

function drawSince({ last, alike }: MatrixCell, { at, publicPath }: Look): string {
  if (!last) return ''
  const { since, changed, lastGood } = last
  const first = `${time(since.at, at)} <a href=${publicPath}/builds/${since.buildId} title=${since.commit}>#${since.buildId}</a>`
  if (!isTrouble(last.verdict)) return ` <small>${first}</small>`
  const where = isResult(last.verdict) ? spread(alike.cells + 1, alike.of + 1, alike.notYet) : ''
  const good = lastGood
    ? `good <code title="build ${lastGood.buildId}, ${moment(lastGood.at)}">${shortCommit(lastGood.commit)}</code>`
    : 'never passed'
  const other = changed && `another failure before #${changed.buildId}`
  const services = [`${first} <code>${shortCommit(since.commit)}</code>`, other, where, good].filter(Boolean)
  return ` <small>${services.join('</small> <small>')}</small>`
}

function drawActive({ active }: MatrixCell, { at, publicPath }: Look): string {
  if (!active) return ''
  const step = active.step ? ` <b>${escapeHtml(active.step)}</b>` : ''
  return ` <a class=${active.state} href=${publicPath}/jobs/${active.jobId}>${wordOf[active.state]}${step} ${time(active.since, at)}</a>`
}

const time = (from: Date, at: Date) =>
  `<time datetime=${from.toISOString()} title="${moment(from)}">${age(from, at)}</time>`
