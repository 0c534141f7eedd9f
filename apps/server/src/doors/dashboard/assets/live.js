// Keeps pages up to date where there is JavaScript; without it every page is complete as it was loaded.
const main = document.querySelector('main')

/** Loads this page again and puts in the parts that changed, leaving scroll, focus and open details as they are. */
async function refresh(selectors) {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } }).catch(() => undefined)
  if (!answer?.ok) return
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  document.title = page.title
  for (const selector of selectors) {
    const [old, fresh] = [document.querySelector(selector), page.querySelector(selector)]
    if (old && fresh && old.innerHTML !== fresh.innerHTML) replace(old, fresh)
  }
}

function replace(old, fresh) {
  const frame = old.querySelector('.frame')
  const [left, top] = [frame?.scrollLeft ?? 0, frame?.scrollTop ?? 0]
  const focused = old.contains(document.activeElement) ? document.activeElement : undefined
  const focus = focused?.getAttribute('href') ?? focused?.id
  const open = [...old.querySelectorAll('details')].map(details => details.open)
  old.replaceChildren(...fresh.childNodes)
  old.querySelectorAll('details').forEach((details, index) => {
    details.open = open[index] ?? details.open
  })
  old.querySelector('.frame')?.scrollTo(left, top)
  if (focus)
    [...old.querySelectorAll('a, button')].find(item => (item.getAttribute('href') ?? item.id) === focus)?.focus()
}

/** One refresh at a time, none while nobody sees it or somebody types. After a break the server says whether the page is old. */
function keepFresh(path) {
  let stale = false
  let busy = false
  const typing = () => main.querySelector('input:focus, textarea:focus') !== null
  const catchUp = async () => {
    if (!stale || busy || document.hidden || typing()) return
    stale = false
    busy = true
    await refresh(['main', 'footer'])
    busy = false
    catchUp()
  }
  const events = new EventSource(path)
  events.addEventListener('changed', () => {
    stale = true
    catchUp()
  })
  document.addEventListener('visibilitychange', catchUp)
  main.addEventListener('focusout', () => setTimeout(catchUp))
}

function followLog(log) {
  const events = new EventSource(log.dataset.events)
  const parts = () => log.querySelectorAll('.part')
  const element = html => document.createRange().createContextualFragment(html)
  const atEnd = () => window.innerHeight + window.scrollY > document.documentElement.scrollHeight - 90
  const keepingEnd = change => {
    const follow = atEnd()
    change()
    if (follow) window.scrollTo({ top: document.documentElement.scrollHeight })
  }

  events.addEventListener('section', ({ data }) => {
    const part = element(data).firstElementChild
    const last = [...parts()].at(-1)
    if (last?.id === part.id) return
    last?.querySelector('.tail')?.classList.remove('tail')
    keepingEnd(() => (last ? last.after(part) : log.append(part)))
  })
  events.addEventListener('log', ({ data }) => {
    const pre = [...parts()].at(-1)?.querySelector('pre')
    if (!pre) return
    keepingEnd(() => {
      pre.querySelector('.tail')?.remove()
      pre.append(element(data))
    })
  })
  events.addEventListener('state', ({ data }) => document.querySelector('#state').replaceChildren(element(data)))
  events.addEventListener('finished', () => {
    events.close()
    refresh(['#state', '#actions'])
  })
  events.addEventListener('reload', () => location.reload())
}

/** A link to a line or a step that lies in a closed part opens it. */
function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)))
  const details = target ? target.closest('details') : null
  if (!details) return
  details.open = true
  target.scrollIntoView()
}

const log = document.querySelector('[data-events]')
if (main?.dataset.live) keepFresh(main.dataset.live)
if (log) followLog(log)
window.addEventListener('hashchange', openTarget)
openTarget()
