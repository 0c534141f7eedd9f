import { mailPattern } from '@rumpfarm/contracts'

export const alertUrlFormat =
  'an http or https address of at most 1000 characters, without a user and password in it, such as https://alerts.example.org/vax, or a mail address'

/** An administrator chooses the address, and the server connects to it. So only http and https are allowed. */
export function isAlertUrl(text: string): boolean {
  if (text.length > 1000 || !URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}

/** Whether the text is a mail address for alerts. */
export const isMailAddress = (text: string): boolean => text.length <= 300 && new RegExp(mailPattern).test(text)
