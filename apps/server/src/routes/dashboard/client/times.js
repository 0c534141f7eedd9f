// Shows times in the zone of the reader. The server writes them in UTC, and the title stays in UTC.
const zoned = options => new Intl.DateTimeFormat('en-GB', { hourCycle: 'h23', ...options })
const date = { year: 'numeric', month: '2-digit', day: '2-digit' }
const clock = { hour: '2-digit', minute: '2-digit' }
const partsOf = format => time => Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]))
const partsOfTime = partsOf(zoned({ ...date, ...clock, timeZoneName: 'short' }))

/** Writes a time like the server, but in the zone of the reader: 2024-05-06 09:08 CEST. */
const texts = {
  moment: parts => `${texts.day(parts)} ${texts.clock(parts)}`,
  clock: ({ hour, minute, timeZoneName }) => `${hour}:${minute} ${timeZoneName}`,
  day: ({ year, month, day }) => `${year}-${month}-${day}`,
}

const shown = 'time[data-shown]'

/** Changes the times in this part of the page. The script live.js changes those of a fresh page before it compares. */
function showLocalTimes(part) {
  for (const time of [...(part.matches?.(shown) ? [part] : []), ...part.querySelectorAll(shown)]) {
    const text = texts[time.dataset.shown](partsOfTime(new Date(time.dateTime)))
    if (time.textContent !== text) time.textContent = text
  }
}

/** The exact time of an age such as `7 min`: first in UTC, then in the zone of the reader. */
function nameLocalTime({ target }) {
  const time = target.closest?.('time:not([data-shown], [data-named])')
  if (!time?.title) return
  time.dataset.named = ''
  const local = texts.moment(partsOfTime(new Date(time.dateTime)))
  if (local !== time.title) time.title += `, ${local}`
}

showLocalTimes(document)
// Live pages replace their parts, and the panel of a grid is loaded later.
new MutationObserver(changes => {
  const added = changes.flatMap(({ addedNodes }) => [...addedNodes])
  for (const node of added) if (node.nodeType === Node.ELEMENT_NODE) showLocalTimes(node)
}).observe(document.body, { childList: true, subtree: true })
document.addEventListener('pointerover', nameLocalTime)
