/** The web pages of a repository on its forge. */
interface Forge {
  /** Whether this forge serves the repository. The host name is in lower case. */
  serves: (host: string, path: string) => boolean
  /** The path of the repository's page. By default, the path of the address without ".git". */
  page?: (path: string) => string
  commit: (commit: string) => string
  /** The page of the changes after `before`, up to and including `after`. */
  compare: (before: string, after: string) => string
}

const named = (name: string) => (host: string) =>
  host.split('.').some(part => part === name || part.startsWith(`${name}-`))

const forges: readonly Forge[] = [
  {
    serves: named('github'),
    commit: commit => `/commit/${commit}`,
    compare: (before, after) => `/compare/${before}...${after}`,
  },
  {
    serves: named('gitlab'),
    commit: commit => `/-/commit/${commit}`,
    compare: (before, after) => `/-/compare/${before}...${after}`,
  },
  {
    serves: host => ['gitea', 'forgejo', 'codeberg'].some(name => named(name)(host)),
    commit: commit => `/commit/${commit}`,
    compare: (before, after) => `/compare/${before}...${after}`,
  },
  {
    serves: host => host === 'bitbucket.org',
    commit: commit => `/commits/${commit}`,
    compare: (before, after) => `/branches/compare/${after}..${before}`,
  },
  {
    // Bitbucket Data Center serves git below /scm, and the pages below /projects.
    serves: (host, path) => host !== 'bitbucket.org' && named('bitbucket')(host) && scm.test(path),
    page: path => withoutGit(path).replace(scm, '/projects/$1/repos/'),
    commit: commit => `/commits/${commit}`,
    compare: (before, after) => `/compare/commits?sourceBranch=${after}&targetBranch=${before}`,
  },
  {
    // sourcehut has no page for a comparison, so the link goes to the log that begins with the newest commit.
    serves: host => host.startsWith('git.sr.ht') || (host.startsWith('git.') && named('sourcehut')(host)),
    commit: commit => `/commit/${commit}`,
    compare: (_before, after) => `/log/${after}`,
  },
  {
    serves: (host, path) => host === 'git.kernel.org' || named('cgit')(host) || /^\/cgit(?:\.cgi)?\//.test(path),
    page: path => path, // cgit shows a repository with the name of its directory, which often ends with ".git"
    commit: commit => `/commit/?id=${commit}`,
    compare: (before, after) => `/log/?qt=range&q=${before}..${after}`,
  },
  {
    serves: (host, path) => named('gitweb')(host) || gitweb.test(path),
    page: path => (gitweb.test(path) ? path.replace(gitweb, '/$1/?p=') : `/?p=${path.slice(1)}`),
    commit: commit => `;a=commit;h=${commit}`,
    compare: (before, after) => `;a=shortlog;h=${after};hp=${before}`,
  },
]

const scm = /^\/scm\/([^/]+)\//
const gitweb = /^\/(gitweb(?:\.cgi)?)\//
const withoutGit = (path: string): string => path.replace(/\.git$/, '')

/** The address of a repository on the web pages of its forge; undefined for a path and for an unknown forge. */
export const repositoryLink = (repository: string): string | undefined => webPages(repository)?.address

/** The address of a commit on the web pages of its forge; undefined for a path and for an unknown forge. */
export function commitLink(repository: string, commit: string): string | undefined {
  const web = webPages(repository)
  return web && isCommit(commit) ? web.address + web.forge.commit(commit) : undefined
}

/**
 * The address of a forge's page with the changes after `before`, up to and including `after`. Undefined for a path, for
 * an unknown forge, and if the commits are equal.
 */
export function compareLink(repository: string, before: string, after: string): string | undefined {
  const web = webPages(repository)
  if (!web || !isCommit(before) || !isCommit(after) || before === after) return undefined
  return web.address + web.forge.compare(before, after)
}

const isCommit = (text: string): boolean => /^[0-9a-f]{7,64}$/.test(text)

/** The web address of a repository on a forge, without user names and secrets. */
function webPages(repository: string): { address: string; forge: Forge } | undefined {
  const place = placeOf(repository)
  if (!place) return undefined
  const { host, port, path } = place
  const forge = forges.find(({ serves }) => serves(host, path))
  if (!forge) return undefined
  const page = (forge.page ?? withoutGit)(path.replace(/\/+$/, ''))
  return { address: `https://${host}${port}${page}`, forge }
}

interface Place {
  host: string
  /** The port of the web server, with a colon; empty for the standard port. */
  port: string
  /** Begins with a slash. */
  path: string
}

function placeOf(repository: string): Place | undefined {
  const short = /^(?:[^@/:\s]+@)?([^/:\s[\]]+\.[^/:\s[\]]+):(?!\/\/)\/?(.+)$/.exec(repository)
  if (short) return placeIn(short[1] ?? '', '', `/${short[2]}`)
  if (!/^(?:https?|ssh|git|git\+ssh):\/\//i.test(repository) || !URL.canParse(repository)) return undefined
  const url = new URL(repository)
  // Only the port of https is a port of the web server.
  const port = url.protocol === 'https:' && url.port ? `:${url.port}` : ''
  return placeIn(url.hostname, port, url.pathname)
}

/** A path with other characters could change the meaning of the address. */
function placeIn(host: string, port: string, path: string): Place | undefined {
  const isPlain = /^[a-z0-9.-]+$/i.test(host) && /^\/[\w.~+%/-]+$/.test(path) && !path.includes('..')
  return isPlain ? { host: host.toLowerCase(), port, path } : undefined
}
