/** Names of hosts and tokens have only characters that are safe in paths, URLs and arguments. */
export const isTokenName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)

export const isHostName = (name: string): boolean => isTokenName(name) && !reserved.includes(name.toLowerCase())

/** A host with such a name would have the address of another page: `/hosts/new` or `/api/v1/hosts/invitations`. */
const reserved = ['new', 'invitations']

export const hostNameFormat =
  '1 to 63 letters, digits, dots, dashes or underscores, beginning with a letter or digit, and neither new nor invitations'
