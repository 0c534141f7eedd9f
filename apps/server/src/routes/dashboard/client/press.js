// A press that begins on one element and ends on another is no click. So a page must not replace its buttons and links
// while the reader presses one of them.
let pressed = false
let pressTimer
/** If the browser does not tell the end of a press, for example because a menu opened, the press ends after this time. */
const pressMsMax = 5_000

function press() {
  pressed = true
  clearTimeout(pressTimer)
  pressTimer = setTimeout(release, pressMsMax)
}

function release() {
  if (!pressed) return
  clearTimeout(pressTimer)
  pressed = false
  document.dispatchEvent(new Event('released'))
}

/** The click follows the release in the same task, so it comes before this. */
const releaseSoon = () => setTimeout(release)

document.addEventListener('pointerdown', ({ button }) => button === 0 && press(), true)
for (const end of ['pointerup', 'pointercancel']) document.addEventListener(end, releaseSoon, true)
document.addEventListener('keydown', ({ key }) => key === ' ' && press(), true)
document.addEventListener('keyup', ({ key }) => key === ' ' && releaseSoon(), true)
addEventListener('blur', releaseSoon)
