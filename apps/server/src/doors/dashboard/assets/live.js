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

/**
 * Events from the farm while the page can be seen. A browser has six connections to a server over HTTP/1.1: each hidden page that
 * kept one would keep a seventh page from loading. `listen` adds the listeners to each new connection.
 */
function whileVisible(path, listen) {
  let events
  let ended = false
  const open = () => {
    if (events || ended || document.hidden) return
    events = new EventSource(path())
    events.addEventListener('open', () => showLost(false))
    events.addEventListener('error', () => showLost(true))
    listen(events)
  }
  const close = () => {
    events?.close()
    events = undefined
  }
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()))
  addEventListener('pagehide', close)
  addEventListener('pageshow', open)
  open()
  return () => {
    ended = true
    close()
    showLost(false)
  }
}

/** Says that the farm cannot be reached, and since when: what runs on the page would else seem to run for ever. */
function showLost(lost) {
  const words = document.querySelector('#lost')
  if (lost && words.hidden) {
    const now = new Date()
    const time = words.querySelector('time')
    time.dateTime = now.toISOString()
    time.textContent = now.toLocaleTimeString()
  }
  words.hidden = !lost
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
  whileVisible(
    () => path,
    events =>
      events.addEventListener('changed', () => {
        stale = true
        catchUp()
      }),
  )
  document.addEventListener('visibilitychange', catchUp)
  main.addEventListener('focusout', () => setTimeout(catchUp))
}

function followLog(log) {
  const [path] = log.dataset.events.split('?')
  let place = log.dataset.events.split('?')[1]
  const parts = () => log.querySelectorAll('.part')
  const element = html => document.createRange().createContextualFragment(html)
  const atEnd = () => window.innerHeight + window.scrollY > document.documentElement.scrollHeight - 90
  const toEnd = () => window.scrollTo({ top: document.documentElement.scrollHeight })
  const keepingEnd = change => {
    const follow = atEnd()
    change()
    if (follow) toEnd()
  }

  const stop = whileVisible(
    () => `${path}?${place}`,
    events => {
      events.addEventListener('section', ({ data }) => {
        const part = element(data).firstElementChild
        const last = [...parts()].at(-1)
        if (last?.id === part.id) return
        last?.querySelector('.tail')?.classList.remove('tail')
        keepingEnd(() => (last ? last.after(part) : log.append(part)))
      })
      events.addEventListener('log', ({ data, lastEventId }) => {
        const [after, line] = lastEventId.split(':')
        place = `after=${after}&line=${line}`
        const pre = [...parts()].at(-1)?.querySelector('pre')
        if (!pre) return
        keepingEnd(() => {
          pre.querySelector('.tail')?.remove()
          pre.append(element(data))
        })
      })
      events.addEventListener('state', ({ data }) => {
        const state = element(data)
        document.title = state.querySelector('[data-title]')?.dataset.title ?? document.title
        document.querySelector('#state').replaceChildren(state)
      })
      events.addEventListener('finished', async () => {
        stop()
        const follow = atEnd()
        await refresh(['#state', '#actions', '#log']) // sizes, line numbers and marks, as after a reload
        if (follow) toEnd()
      })
      events.addEventListener('reload', () => location.reload())
    },
  )
}

/** A link to a line or a step that lies in a closed part opens it; one to a line that this page does not show loads the page that does. */
function openTarget() {
  const name = decodeURIComponent(location.hash.slice(1))
  const target = name === '' ? null : document.getElementById(name)
  const line = /^L([1-9]\d{0,8})$/.exec(name)?.[1]
  const asked = new URLSearchParams(location.search).get('line')
  if (!target && line && asked !== line && document.querySelector('#log')) {
    location.replace(`${location.pathname}?line=${line}#L${line}`)
    return
  }
  const details = target?.closest('details')
  if (!details) return
  details.open = true
  target.scrollIntoView()
}

/** A button for each text that is made to be copied. Without a secure context a browser has no clipboard, but copies a selection. */
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

const log = document.querySelector('[data-events]')
if (main?.dataset.live) keepFresh(main.dataset.live)
if (log) followLog(log)
window.addEventListener('hashchange', openTarget)
openTarget()
