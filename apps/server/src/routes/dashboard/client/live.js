// Updates pages. In a browser without JavaScript, every page is complete but static.
const main = document.querySelector('main')
const typing = () => main.querySelector('input:focus, textarea:focus') !== null
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
/** True while the reader uses the page, so that its parts must stay. */
const held = () => pressed || typing()
/** The pause after a request that failed. */
const retryMs = 5_000
/** A request without an answer fails after this time. */
const answerMsMax = 30_000

/**
 * Loads this page again and replaces the changed parts. Keeps the scroll position, the focus, fields and open details. With
 * the moment of the event, the server knows that this page may be as old as the event, and many browsers can share it.
 * Returns false if the reader uses the page meanwhile: then nothing is replaced.
 */
async function refresh(moment) {
  const headers = { accept: 'text/html', ...(moment && { 'x-known-moment': moment }) }
  let answer = await request(headers)
  while (!answer) {
    await pause(retryMs)
    answer = await request(headers)
  }
  if (held()) return false
  if (!answer.ok) return true
  const page = new DOMParser().parseFromString(answer.text, 'text/html')
  setTime(page, answer.since)
  document.title = page.title
  showLocalTimes(page)
  for (const selector of ['#problems', 'main', 'footer']) {
    const [old, fresh] = [document.querySelector(selector), page.querySelector(selector)]
    if (old && fresh && old.innerHTML !== fresh.innerHTML) replace(old, fresh)
  }
  const { since } = page.querySelector('main')?.dataset ?? {}
  if (since) main.dataset.since = since
  else delete main.dataset.since
  return true
}

/** Undefined if the server cannot answer now, or if the connection breaks before the end of the page. */
async function request(headers) {
  try {
    const answer = await fetch(location.href, { headers, signal: AbortSignal.timeout?.(answerMsMax) })
    if (answer.status >= 429) return undefined
    return { ok: answer.ok, since: answer.headers.get('x-page-since'), text: await answer.text() }
  } catch {
    return undefined
  }
}

/** If the page has not changed, its text comes from the browser's cache, and the headers have the present time. */
function setTime(page, since) {
  const [part, time] = [page.querySelector('main'), page.querySelector('footer time')]
  if (!since || !part?.dataset.since || !time) return
  part.dataset.since = since
  time.dateTime = new Date(Number(since)).toISOString()
  time.title = `${time.dateTime.slice(0, 16).replace('T', ' ')} UTC`
}

function replace(old, fresh) {
  const scrolled = new Map(framesOf(old).map(frame => [labelOf(frame), [frame.scrollLeft, frame.scrollTop]]))
  const focused = old.contains(document.activeElement) ? document.activeElement : undefined
  const focus = focused && keyOf(focused)
  const open = new Map([...old.querySelectorAll('details')].map(details => [nameOf(details), details.open]))
  const changed = new Map(
    fieldsOf(old)
      .filter(isChanged)
      .map(field => [keyOfField(field), field]),
  )
  old.replaceChildren(...fresh.childNodes)
  for (const details of old.querySelectorAll('details')) details.open = open.get(nameOf(details)) ?? details.open
  for (const field of fieldsOf(old)) {
    const { value, checked } = changed.get(keyOfField(field)) ?? field
    Object.assign(field, isSwitch(field) ? { checked } : { value })
  }
  old.dispatchEvent(new Event('replaced'))
  for (const frame of framesOf(old)) {
    const [left, top] = scrolled.get(labelOf(frame)) ?? []
    frame.scrollTo({ left, top })
  }
  if (focus)
    [...old.querySelectorAll('a, button, select, summary, .frame')].find(item => keyOf(item) === focus)?.focus()
}

const labelOf = item => item.getAttribute('aria-label')

/** The areas that scroll. */
const framesOf = part => [...part.querySelectorAll('.frame')]

/** The same link, button, list, summary or frame has the same key on a fresh page. */
const keyOf = item =>
  item.getAttribute('href') ??
  (item.id || labelOf(item) || [item.form?.getAttribute('action'), item.name, item.textContent].join(' '))

const fieldsOf = part => [...part.querySelectorAll('form :is(select, textarea, input:not([type=hidden]))')]
const isSwitch = ({ type }) => type === 'checkbox' || type === 'radio'
const keyOfField = field =>
  [field.form.getAttribute('action'), field.name, isSwitch(field) ? field.value : ''].join(' ')

/** Whether the reader has changed the field. */
function isChanged(field) {
  const { options, value, defaultValue, checked, defaultChecked } = field
  if (options) return value !== ([...options].find(option => option.defaultSelected)?.value ?? options[0]?.value)
  return isSwitch(field) ? checked !== defaultChecked : value !== defaultValue
}

const nameOf = details => details.id || details.querySelector('summary').textContent

/** Returns the port of the connection that all pages share. */
function connect() {
  const { connection } = document.body.dataset
  if (typeof SharedWorker !== 'function') return connectAlone(connection)
  const worker = new SharedWorker(connection, { type: 'module', name: 'farm' })
  worker.onerror = () => use(connectAlone(connection)) // an older browser has no module workers
  return worker.port
}

function connectAlone(connection) {
  const { port1, port2 } = new MessageChannel()
  import(connection).then(({ Connection }) => new Connection().add(port2))
  return port1
}

let port
let id = 0

function use(newPort) {
  port = newPort
  port.onmessage = ({ data: { id: asked, lost, refused, ...event } }) => {
    if (asked !== id) return // an event from before the page was hidden
    if (lost !== undefined) showLost(lost, refused)
    else receive(event)
  }
  follow()
}

/** Requests the events of this page while it is visible. */
function follow() {
  const log = document.querySelector('[data-follow]')?.dataset.follow
  const { since } = main.dataset
  if (document.hidden || !(log || since)) return port.postMessage(null)
  const [attempt, ...position] = log?.split(':') ?? []
  port.postMessage({ id, events: document.body.dataset.events, since, log: attempt, position: position.join(':') })
}

function followAgain() {
  id++
  follow()
}

/**
 * Shows when the connection was lost. Otherwise a running job would seem to run forever. `refused`: the server's reason
 * for refusing the connection.
 */
function showLost(since, refused) {
  const words = document.querySelector('#lost')
  words.hidden = since === null
  if (since === null) return
  const time = document.createElement('time')
  time.dateTime = new Date(since).toISOString()
  time.textContent = new Date(since).toLocaleTimeString()
  const advice = '. This page may be out of date. The browser tries to reconnect.'
  if (refused) words.replaceChildren(`The server does not update this page: ${refused} Last update: `, time, '.')
  else words.replaceChildren('No connection to the server since ', time, advice)
}

const atEnd = () => window.innerHeight + window.scrollY > document.documentElement.scrollHeight - 90
const toEnd = () => window.scrollTo({ top: document.documentElement.scrollHeight })

function keepingEnd(change) {
  const stay = atEnd()
  change()
  if (stay) toEnd()
}

let stale = false
let busy = false
/** Whether this page waits to load itself again. */
let waiting = false
/** The moment of the newest event after which the page must load itself again. */
let moment

/** If the page is stale, refreshes it. Does nothing while the page is hidden or its reader uses it. */
async function catchUp() {
  if (!stale || busy || document.hidden || held()) return
  stale = false
  busy = true
  const stay = document.querySelector('[data-follow]') && atEnd()
  try {
    if (!(await refresh(moment))) stale = true
  } finally {
    busy = false
  }
  if (stay) toEnd()
  follow()
  catchUp()
}

/**
 * Loads the page again at a random time of the span that the event allows, so that not all browsers do so at once. Of
 * several events, the last counts for the moment, and the first for the time.
 */
function loadAgain(data, load) {
  const [spread, newMoment] = (data ?? '').split(' ')
  moment = newMoment
  if (waiting) return
  waiting = true
  setTimeout(() => {
    waiting = false
    load()
  }, Math.random() * Number(spread))
}

function receive({ kind, data, position }) {
  if (kind === 'reload') return loadAgain(data, () => location.reload())
  if (kind === 'changed' || kind === 'finished') {
    stale = true // reload for sizes, line numbers and statuses
    return loadAgain(data, catchUp)
  }
  const log = document.querySelector('#log')
  const element = document.createRange().createContextualFragment(data ?? '')
  const last = [...(log?.querySelectorAll('.part') ?? [])].at(-1)
  if (kind === 'section') addSection(log, last, element.firstElementChild)
  else if (kind === 'log') addLines(log, last?.querySelector('pre'), element, position)
  else {
    newState = element
    showState()
  }
}

let newState

function showState() {
  if (pressed || !newState) return
  document.title = newState.querySelector('[data-title]')?.dataset.title ?? document.title
  document.querySelector('#state').replaceChildren(newState)
  newState = undefined
}

function addSection(log, last, part) {
  if (last?.id === part.id) return
  last?.querySelector('.tail')?.classList.remove('tail')
  keepingEnd(() => (last ? last.after(part) : log.append(part)))
}

/** A page that follows a long job for hours would otherwise need more and more memory. */
const linesMax = 2_000

function addLines(log, pre, lines, position) {
  log.dataset.follow = `${log.dataset.follow.split(':')[0]}:${position}`
  if (!pre) return
  keepingEnd(() => {
    pre.querySelector('.tail')?.remove()
    pre.append(lines)
    const shown = log.querySelectorAll('.line')
    for (const line of [...shown].slice(0, Math.max(0, shown.length - linesMax))) line.remove()
  })
}

/** Returns the lines that the address names: #L120 or #L120-L140. */
function linesOfAddress() {
  const [, one, other] = /^#L([1-9]\d{0,8})(?:-L?([1-9]\d{0,8}))?$/.exec(location.hash) ?? []
  if (!one) return undefined
  const [first, last] = [Number(one), Number(other ?? one)].sort((a, b) => a - b)
  return { first, last }
}

/**
 * Opens the part with the lines or the step that the address names. If the lines are on another page of the log, loads
 * that page.
 */
function openTarget() {
  const lines = linesOfAddress()
  const name = lines ? `L${lines.first}` : decodeURIComponent(location.hash.slice(1))
  const target = name === '' ? null : document.getElementById(name)
  if (!target && lines && document.querySelector('#log')) return loadLines(lines)
  if (lines) markLines(lines)
  const details = target?.closest('details')
  if (!details) return
  details.open = true
  target.scrollIntoView()
}

function loadLines({ first, last }) {
  const asked = `${first}-${last}`
  const query = new URLSearchParams(location.search)
  if (query.get('lines') === asked) return // the log does not have the line
  for (const name of ['from', 'before', 'line', 'step', 'find', 'match']) query.delete(name)
  query.set('lines', asked)
  location.replace(`${location.pathname}?${query}${location.hash}`)
}

function markLines({ first, last }) {
  for (const line of document.querySelectorAll('.line')) {
    const number = Number(line.id.slice(1))
    line.classList.toggle('chosen', number >= first && number <= last)
  }
}

/** Shift and a click on a line number select the lines from the line in the address to this line. */
function selectLines(event) {
  const number = event.target.closest?.('.line > a:first-child')?.hash.slice(2)
  const lines = linesOfAddress()
  if (!number || !lines || !event.shiftKey) return
  event.preventDefault()
  location.hash = `#L${Math.min(lines.first, number)}-L${Math.max(lines.first, number)}`
}

// Copy buttons. Without a secure context, a page has no navigator.clipboard, but it can copy a selection.
for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false
  button.addEventListener('click', async () => {
    const text = document.getElementById(button.dataset.copy)
    getSelection().selectAllChildren(text)
    const copied = navigator.clipboard
      ? await navigator.clipboard.writeText(text.textContent.trim()).then(
          () => true,
          () => false,
        )
      : document.execCommand('copy')
    button.textContent = copied ? 'Copied' : 'Selected: copy it with the keyboard'
  })
}

if (main?.dataset.since || document.querySelector('[data-follow]')) {
  use(connect())
  document.addEventListener('visibilitychange', () => {
    followAgain()
    catchUp()
  })
  addEventListener('pagehide', () => port.postMessage(null))
  addEventListener('pageshow', ({ persisted }) => persisted && followAgain())
  main.addEventListener('focusout', () => setTimeout(catchUp))
  document.addEventListener('released', () => {
    showState()
    catchUp()
  })
}
window.addEventListener('hashchange', openTarget)
document.querySelector('#log')?.addEventListener('click', selectLines)
openTarget()
if (location.hash === '' && document.querySelector('#log[data-newest]')) toEnd()
