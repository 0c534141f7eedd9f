export const alertUrlForm =
  'an http or https address of at most 1000 characters, without a user and password in it, such as https://alerts.example.org/vax'

/** An administrator's choice of whom to tell: any host that the farm's server can reach, so no other kind of address. */
export function isAlertUrl(text: string): boolean {
  if (text.length > 1000 || !URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}

/** Seconds from one try to the next; the last is repeated. With `triesMax`, some four hours in all. */
export const alertWaitsSeconds = [30, 60, 300, 900, 1800, 3600]
export const alertTriesMax = 9
