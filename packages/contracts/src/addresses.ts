/** Schemes of URLs whose host is another machine. */
const remote = /^(?:https?|ssh|git)$/i
const passwordText = 'a password in the address'

/**
 * Names the part of a repository's address that can be a secret, without repeating it; undefined if there is none. Public pages show
 * the address, and every user of the server can read git's arguments. No git server needs a query or a fragment, but forges accept
 * tokens there.
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

/** `user@host:path`, git's short form for ssh, or a path. */
function secretInShortForm(repository: string): string | undefined {
  if (!/^[^/]+:/.test(repository)) return undefined
  if (/^[^@/:]+:([^/]*@|.*@[^/@:]+:)/s.test(repository)) return passwordText
  return /[?#;].*=/s.test(repository) ? 'a query, fragment or parameter (after ?, # or ;) in the address' : undefined
}

/** Replaces passwords and tokens in addresses by ***. git repeats the whole address in its messages. */
export const hideSecrets = (text: string): string =>
  text
    .replace(/\b(https?:\/\/)[^/\s]+@/gi, '$1***@')
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/[^/@:\s]+)(?::|%3a)[^/\s]*@/gi, '$1:***@')
    .replace(/\b((?:https?|ssh|git):\/\/[^\s'"?#;]*[?#;])[^\s'"]+/gi, '$1***')
    .replace(/([?&#;][^=&#;\s'"]*=)[^&#;\s'"]+/g, '$1***')
    .replace(/(?<![^\s'"(])([^\s/:@'"(]+):(?!\/\/)[^\s@'"]+@(?=[^\s/:@'"]+[:/])/g, '$1:***@')
