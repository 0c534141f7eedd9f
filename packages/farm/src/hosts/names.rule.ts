/** Host and token names: a DNS label's letters and a little more, so they are safe in paths, URLs and argv. */
export const isTokenName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)

export const isHostName = (name: string): boolean => isTokenName(name) && !reserved.includes(name.toLowerCase())

/** Pages have these addresses beside the hosts' own: `/hosts/new`, `/api/v1/hosts/invitations`. */
const reserved = ['new', 'invitations']

export const hostNameForm =
  '1 to 63 letters, digits, dots, dashes or underscores, beginning with a letter or digit, and neither new nor invitations'
