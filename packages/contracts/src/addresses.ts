/** Schemes of URLs whose host is another machine. */
const remote = /^(?:https?|ssh|git)$/i
const passwordText = 'a password in the address'

/**
 * Describes which part of a repository's address can be a secret, for example a password. Undefined if the address has
 * no such part. The description does not contain the secret. Other people could read a secret in the address, because
 * public pages show the address, and every user of the server's machine can read git's arguments. A query or a fragment
 * counts as a secret: no git server needs them, but forges accept tokens in them.
 */
export function secretInAddress(repository: string): string | undefined {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(repository) ?? []
  if (scheme === undefined) return secretInShortForm(repository)
  if (!remote.test(scheme)) return undefined
  const [, user] = /^([^/]*)@/.exec(rest) ?? []
  if (user !== undefined && /^https?$/i.test(scheme)) return 'a user name, password or token in the address'
  if (user !== undefined && /:|%3a/i.test(user)) return passwordText
  return /[?#;]/.test(rest) ? 'a query, fragment or parameter (after ?, # or ;) in the address' : undefined
}

/** Describes the secret in an address without a scheme: in a path, or in git's short form for ssh, `user@host:path`. */
function secretInShortForm(repository: string): string | undefined {
  if (!/^[^/]+:/.test(repository)) return undefined
  if (/^[^@/:]+:([^/]*@|.*@[^/@:]+:)/s.test(repository)) return passwordText
  return /[?#;].*=/s.test(repository) ? 'a query, fragment or parameter (after ?, # or ;) in the address' : undefined
}

/**
 * Replaces passwords and tokens in addresses by ***, because git repeats the whole address in its messages. Each
 * pattern reads a part of the text at most once, so the time is linear in the length of the text.
 */
export const hideSecrets = (text: string): string =>
  text
    .replace(/\b(https?:\/\/)[^/\s]+@/gi, '$1***@')
    .replace(/(?<=[a-z0-9+.-])(:\/\/)(?=[^/\s]*@)([^/@:\s]+?)(?::|%3a)[^/\s]*@/gi, '$1$2:***@')
    .replace(/[^\s'"]+/g, hideQuery)
    .replace(/([?&#;][^?=&#;\s'"]*=)[^&#;\s'"]+/g, '$1***')
    .replace(/[^\s'"]+/g, hideShortForm)

/** Hides everything after `?`, `#` or `;` in a URL. */
function hideQuery(word: string): string {
  const start = word.search(/\b(?:https?|ssh|git):\/\//i)
  if (start < 0) return word
  const query = start + word.slice(start).search(/[?#;]/)
  return query < start || query === word.length - 1 ? word : `${word.slice(0, query + 1)}***`
}

/** Hides the password in `user:password@host:path` and `user:password@host/path`. The password has no `@`. */
function hideShortForm(word: string): string {
  const parts = word.split('@')
  return parts
    .map((part, index) => {
      const next = parts[index + 1]
      if (next === undefined || !/^[^/:]+[:/]/.test(next)) return part
      // The user stands at the start of the word or after a bracket.
      const [user] = (index === 0 ? /(?:^|\()[^/:(]+:(?!\/\/)(?=.)/s : /\([^/:(]+:(?!\/\/)(?=.)/s).exec(part) ?? []
      return user === undefined ? part : `${part.slice(0, part.indexOf(user) + user.length)}***`
    })
    .join('@')
}
