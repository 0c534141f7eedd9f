export const alertUrlFormat =
  'an http or https address of at most 1000 characters, without a user and password in it, such as https://alerts.example.org/vax'

/** An administrator chooses the address, and the server connects to it: so no other scheme is allowed. */
export function isAlertUrl(text: string): boolean {
  if (text.length > 1000 || !URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}

/** Seconds from one try to the next; the last one repeats. With `alertTriesMax` that is some four hours in total. */
export const alertWaitsSeconds = [30, 60, 300, 900, 1800, 3600]
export const alertTriesMax = 9
