export const alertUrlFormat =
  'an http or https address of at most 1000 characters, without a user and password in it, such as https://alerts.example.org/vax'

/** An administrator chooses the address, and the server connects to it. So only http and https are allowed. */
export function isAlertUrl(text: string): boolean {
  if (text.length > 1000 || !URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}

/** Seconds between two tries; the last value repeats. With `alertTriesMax` tries, the total is about four hours. */
export const alertWaitsSeconds = [30, 60, 300, 900, 1800, 3600]
export const alertTriesMax = 9
