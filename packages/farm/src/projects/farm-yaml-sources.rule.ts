import { type ProjectSource, secretInAddress, type WrittenProject } from '@rumpfarm/contracts'
import { type Finding, show } from './farm-yaml-mistakes.rule.ts'

type WrittenSource = NonNullable<WrittenProject['sources']>[string]

// git runs a helper program for `name::address` and for a scheme that it does not know.
const helper = /^([A-Za-z0-9][A-Za-z0-9+.-]*)(::|:\/\/)/
const schemes = ['https', 'http', 'ssh', 'git', 'file']
// Without the two slashes, git reads the scheme as the name of a host.
const slashless = /^(https?|ssh|git|file):(?!\/\/)/i

/** Errors in the address of a git repository. */
export function addressFindings(repository: string, path: Finding['path']): Finding[] {
  const [, scheme, mark] = helper.exec(repository) ?? slashless.exec(repository) ?? []
  if (scheme !== undefined && (mark !== '://' || !schemes.includes(scheme.toLowerCase()))) {
    const expected = `a path, user@host:path, or a URL that begins with ${schemes.map(name => `${name}://`).join(', ')}`
    return [{ path, at: 'value', found: `an address of the kind ${show(`${scheme}${mark ?? ':'}`)}`, expected }]
  }
  if (/^(hg|cvs)\+/.test(repository))
    return [
      {
        path,
        at: 'value',
        found: `an address of the kind ${show(repository.replace(/\+.*$/s, '+'))}`,
        expected: 'a git repository: Mercurial and CVS are possible only in sources',
      },
    ]
  return secretFindings(repository, path)
}

function secretFindings(address: string, path: Finding['path']): Finding[] {
  const secret = secretInAddress(address)
  if (secret === undefined) return []
  const expected = "an address without it: give the server's git a credential helper, or an ssh key"
  return [{ path, at: 'value', found: secret, expected }]
}

/** Errors in the sources of a project that a schema cannot describe. */
export function sourceFindings(project: string, { sources = {} }: WrittenProject): Finding[] {
  return Object.entries(sources).flatMap(([name, source]) => {
    const path = ['sources', name]
    const findings = kindFindings(source, path)
    if (name === project)
      findings.push({
        path,
        at: 'key',
        found: show(name),
        expected: "a name other than the project's: the host makes a directory for each",
      })
    const chosen = (['branch', 'commit', 'commit-from'] as const).filter(key => source[key] !== undefined)
    if (chosen.length > 1)
      findings.push({
        path: [...path, String(chosen[1])],
        at: 'key',
        found: chosen.join(' and '),
        expected: 'one of them',
      })
    return findings
  })
}

const gitKeys = ['submodules', 'lfs'] as const
const commitKeys = ['commit', 'commit-from'] as const
const tarballKeys = ['sha256', 'strip'] as const

function kindFindings(source: WrittenSource, path: Finding['path']): Finding[] {
  const { repository, tarball } = source
  if (repository === undefined && tarball === undefined)
    return [{ path, at: 'value', found: 'no repository or tarball', expected: 'one of them' }]
  if (tarball !== undefined) return tarballFindings(source, tarball, path)
  return [...misplaced(source, tarballKeys, path, 'only together with tarball'), ...repositoryFindings(source, path)]
}

function tarballFindings(source: WrittenSource, tarball: string, path: Finding['path']): Finding[] {
  const others = ['repository', 'branch', ...commitKeys, ...gitKeys, 'module', 'trigger']
  const findings = misplaced(source, others, path, 'no such key together with tarball')
  if (source.sha256 === undefined)
    findings.push({
      path: [...path, 'tarball'],
      at: 'key',
      found: 'tarball without sha256',
      expected: 'sha256 too: the farm must verify the file',
    })
  return [...findings, ...secretFindings(tarball, [...path, 'tarball'])]
}

const hgAddress = /^hg\+(https?:\/\/[^/-]|ssh:\/\/[^/-]|file:\/\/\/|\/|\.)/i
// Without options in the method, because they could name a program.
const cvsAddress =
  /^cvs\+(:(pserver|ext|local):)?([A-Za-z0-9._-]+@)?([A-Za-z0-9][A-Za-z0-9.-]*:([0-9]{1,5})?)?\/[^\s;:]*$/

function repositoryFindings(source: WrittenSource, path: Finding['path']): Finding[] {
  const { repository = '', module } = source
  const at = [...path, 'repository']
  const wrong = (expected: string): Finding => ({ path: at, at: 'value', found: 'another address', expected })
  const withoutModule = misplaced(source, ['module'], path, 'module only with an address that begins with cvs+')
  if (repository.startsWith('hg+')) {
    const findings = [...withoutModule, ...misplaced(source, gitKeys, path, 'no such key for Mercurial')]
    if (!hgAddress.test(repository))
      return [...findings, wrong('hg+https://…, hg+http://…, hg+ssh://…, hg+file:///… or hg+/path')]
    return [...findings, ...secretFindings(repository.slice('hg+'.length), at)]
  }
  if (!repository.startsWith('cvs+')) return [...addressFindings(repository, at), ...withoutModule]
  const findings = misplaced(source, [...gitKeys, ...commitKeys, 'trigger'], path, 'no such key for CVS')
  if (!cvsAddress.test(repository))
    findings.push(
      wrong('cvs+:pserver:user@host:/cvsroot, cvs+:ext:user@host:/cvsroot or cvs+/cvsroot, without a password'),
    )
  if (module === undefined)
    findings.push({ path, at: 'value', found: 'no module', expected: 'module: the module of CVS, such as src/lib' })
  return findings
}

/** Keys that do not belong to a source of this kind. */
const misplaced = (
  source: WrittenSource,
  keys: readonly string[],
  path: Finding['path'],
  expected: string,
): Finding[] =>
  keys
    .filter(key => Object.hasOwn(source, key))
    .map(key => ({ path: [...path, key], at: 'key' as const, found: show(key), expected }))

interface WrittenContents {
  submodules?: string
  lfs?: string
}

export const fillInContents = ({ submodules, lfs }: WrittenContents): { submodules?: true; lfs?: true } => ({
  ...(submodules === 'true' ? { submodules: true } : {}),
  ...(lfs === 'true' ? { lfs: true } : {}),
})

export function fillInTarball({ tarball, sha256, strip }: WrittenSource): Pick<ProjectSource, 'tarball'> {
  if (tarball === undefined || sha256 === undefined) return {}
  return { tarball: { sha256, ...(strip === undefined ? {} : { strip: Number(strip) }) } }
}
