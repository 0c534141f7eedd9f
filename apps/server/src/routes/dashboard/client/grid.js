// A grid without this file: every box is a link to its page. With it: a panel with the same content, and arrow keys.

/** The pauses before the panel opens: a pointer crosses boxes, and the focus passes them. */
const hoverMs = 350
const focusMs = 600
const leaveMs = 400

const panel = document.createElement('div')
panel.id = 'panel'
panel.popover = 'auto'
panel.setAttribute('role', 'dialog')
panel.setAttribute('aria-labelledby', 'box-title')
panel.tabIndex = -1

let table
let rows = []
let current
/** The box of the open panel, and whether the reader opened the panel on purpose. */
let shown
let pinned = false
let lit

const isBox = link => link?.matches('.grid td > a') ?? false
const boxAt = event => (event.target instanceof Element ? event.target.closest('.grid td > a') : null)
const isTrouble = box =>
  /\b(new|unconfirmed|failing|old|lost|never-ran|flaky|tests-missing)\b/.test(box.parentElement.className)
const isOpen = () => panel.matches(':popover-open')

/**
 * Reads the table, at the start and after the page has updated itself. All links of the table are one tab stop. The
 * links are in rows and columns; a system's name is only in the first row of its group.
 */
function readTable() {
  const old = current?.getAttribute('href')
  table = document.querySelector('.grid')
  if (!table) return
  rows = [...table.rows].map(row => {
    const names = ['.os', '.host'].map(name => row.querySelector(`:scope > ${name} a`))
    const boxes = [...row.cells].filter(cell => !cell.matches('.os, .host'))
    return [...names, ...boxes.map(cell => cell.querySelector('a'))]
  })
  const links = rows.flat().filter(Boolean)
  current =
    links.find(link => link.getAttribute('href') === old) ??
    links.find(link => isBox(link) && isTrouble(link)) ??
    links.find(isBox) ??
    links[0]
  for (const link of links) link.tabIndex = link === current ? 0 : -1
  if (shown) {
    shown = links.find(link => link.href === shown.href)
    shown?.classList.add('open')
  }
  showKeys()
  fitFrame()
}

/** Without this file, and in a text browser, the keys do nothing. So the page itself does not name them. */
function showKeys() {
  const frame = table.closest('.grid-frame')
  if (!frame || frame.nextElementSibling?.matches('.keys')) return
  const line = document.createElement('p')
  line.className = 'keys'
  line.textContent =
    'Keys in the grid: arrows, Home and End; n and p go to the next and previous trouble; Enter opens a box, Esc closes it.'
  frame.after(line)
}

/** A frame that cannot scroll is no tab stop. */
function fitFrame() {
  const frame = table?.closest('.grid-frame')
  if (!frame) return
  const scrolls = frame.scrollWidth > frame.clientWidth || getComputedStyle(frame).overflowY === 'auto'
  if (scrolls) frame.tabIndex = 0
  else frame.removeAttribute('tabindex')
}

function placeOf(link) {
  const row = rows.findIndex(line => line.includes(link))
  return [row, rows[row]?.indexOf(link) ?? -1]
}

function makeCurrent(link) {
  if (!link || link === current) return
  if (current) current.tabIndex = -1
  current = link
  link.tabIndex = 0
}

function go(link) {
  makeCurrent(link)
  link?.focus()
}

function neighbour(row, column, down, right) {
  for (let r = row + down, c = column + right; rows[r] && c >= 0 && c < rows[r].length; r += down, c += right)
    if (rows[r][c]) return rows[r][c]
}

function nextTrouble(step) {
  const boxes = rows.flat().filter(link => isBox(link) && (link === current || isTrouble(link)))
  return boxes[(boxes.indexOf(current) + step + boxes.length) % boxes.length]
}

function targetOf(event, link) {
  const [row, column] = placeOf(link)
  const line = rows[row]?.filter(Boolean) ?? []
  const all = rows.flat().filter(Boolean)
  switch (event.key) {
    case 'ArrowRight':
      return neighbour(row, column, 0, 1)
    case 'ArrowLeft':
      return neighbour(row, column, 0, -1)
    case 'ArrowDown':
      return neighbour(row, column, 1, 0)
    case 'ArrowUp':
      return neighbour(row, column, -1, 0)
    case 'Home':
      return event.ctrlKey ? all[0] : line[0]
    case 'End':
      return event.ctrlKey ? all.at(-1) : line.at(-1)
    case 'n':
      return event.ctrlKey ? undefined : nextTrouble(1)
    case 'p':
      return event.ctrlKey ? undefined : nextTrouble(-1)
  }
}

document.addEventListener('keydown', event => {
  const link = event.target instanceof Element ? event.target.closest('.grid a') : null
  if (!link || event.altKey || event.metaKey) return
  const target = targetOf(event, link)
  if (!target) return
  event.preventDefault()
  go(target)
})

/** Marks the heading of a box's column. */
function light(box) {
  lit?.classList.remove('at')
  const column = box ? placeOf(box)[1] : -1
  lit = column < 0 ? undefined : table.tHead.rows[0].cells[column]
  lit?.classList.add('at')
}

let loading

/** Loads the part of the box's page for the panel. */
async function contentOf(box) {
  loading?.abort()
  loading = new AbortController()
  const url = new URL(box.href)
  url.searchParams.set('part', '1')
  const answer = await fetch(url, { signal: loading.signal, headers: { accept: 'text/html' } })
  if (!answer.ok) throw new Error(`${answer.status}`)
  return answer.text()
}

async function open(box, focus) {
  if (shown === box && isOpen()) return focus && focusPanel()
  let html
  try {
    html = await contentOf(box)
  } catch (error) {
    if (error.name !== 'AbortError' && focus) location.href = box.href // the page says what is wrong
    return
  }
  shown?.classList.remove('open')
  shown = box
  const close = document.createElement('button')
  close.type = 'button'
  close.className = 'close'
  close.textContent = '×'
  close.setAttribute('aria-label', 'Close')
  close.addEventListener('click', () => panel.hidePopover())
  panel.replaceChildren(document.createRange().createContextualFragment(html), close)
  if (!panel.isConnected) document.body.append(panel)
  if (!isOpen()) panel.showPopover()
  box.classList.add('open')
  place()
  if (focus) focusPanel()
}

const focusPanel = () => (panel.querySelector('a') ?? panel).focus()

/** Beside the box, so that its column stays visible: the column shows whether only this host fails. */
function place() {
  if (!shown || !isOpen()) return
  if (telephone.matches) {
    panel.style.left = panel.style.top = '' // the style sheet puts it at the bottom
    return
  }
  const at = shown.getBoundingClientRect()
  const { width, height } = panel.getBoundingClientRect()
  const right = at.right + 6 + width <= innerWidth
  panel.style.left = `${Math.max(8, right ? at.right + 6 : at.left - width - 6)}px`
  panel.style.top = `${Math.max(8, Math.min(at.top - 10, innerHeight - height - 8))}px`
}

const telephone = matchMedia('(max-width: 44rem)')
let timer
function soon(wait, action) {
  clearTimeout(timer)
  timer = setTimeout(action, wait)
}

panel.addEventListener('toggle', ({ newState }) => {
  if (newState !== 'closed') return
  shown?.classList.remove('open')
  if (panel.contains(document.activeElement)) shown?.focus()
  pinned = false
})
panel.addEventListener('keydown', event => {
  if (event.key !== 'Escape') return
  event.preventDefault()
  panel.hidePopover()
  shown?.focus()
})
panel.addEventListener('pointerenter', () => clearTimeout(timer))
panel.addEventListener('pointerleave', () => !pinned && soon(leaveMs, () => isOpen() && panel.hidePopover()))

document.addEventListener('pointerover', event => {
  const box = boxAt(event)
  if (!box) return
  light(box)
  if (event.pointerType === 'mouse' && !(pinned && isOpen())) soon(hoverMs, () => open(box))
})
document.addEventListener('pointerout', event => {
  if (!boxAt(event)) return
  light(null)
  if (event.pointerType === 'mouse' && !pinned) soon(leaveMs, () => isOpen() && panel.hidePopover())
})
document.addEventListener('focusin', event => {
  const link = event.target instanceof Element ? event.target.closest('.grid a') : null
  if (!link) return
  makeCurrent(link)
  light(isBox(link) ? link : null)
  if (isBox(link) && link.matches(':focus-visible')) soon(focusMs, () => document.activeElement === link && open(link))
})
document.addEventListener('focusout', event => {
  if (!boxAt(event)) return
  clearTimeout(timer)
  light(null)
})
document.addEventListener('click', event => {
  const box = boxAt(event)
  if (!box || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
  event.preventDefault()
  clearTimeout(timer)
  pinned = true
  open(box, event.detail === 0) // Enter is a click without a pointer
})
addEventListener('scroll', place, { passive: true, capture: true })
addEventListener('resize', () => {
  fitFrame()
  place()
})
document.querySelector('main').addEventListener('replaced', readTable)
readTable()
