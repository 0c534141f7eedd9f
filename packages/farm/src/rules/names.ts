/** Host, project and token names: a DNS label's letters and a little more, so they are safe in paths, URLs and argv. */
export const isHostName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)
export const hostNameForm = '1 to 63 letters, digits, dots, dashes or underscores, beginning with a letter or digit'
