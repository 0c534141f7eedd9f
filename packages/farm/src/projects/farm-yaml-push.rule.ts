import type { ProjectConfig, WrittenProject } from '@rumpfarm/contracts'
import { type Finding, show } from './farm-yaml-mistakes.rule.ts'

/** The keys that decide whether a push builds the project. */
export const fillInPush = (
  written: WrittenProject,
): Pick<ProjectConfig, 'paths' | 'pathsIgnore' | 'webhookSecrets'> => ({
  ...pathsOf(written),
  ...(written['paths-ignore'] === undefined ? {} : { pathsIgnore: written['paths-ignore'] }),
  ...(written['webhook-secrets'] === undefined
    ? {}
    : { webhookSecrets: written['webhook-secrets'].map(name => name.slice(1)) }),
})

/** A project in a directory of the repository builds only changes of this directory, unless it names other paths. */
function pathsOf({ paths, path }: WrittenProject): Pick<ProjectConfig, 'paths'> {
  if (paths !== undefined) return { paths }
  return path === undefined ? {} : { paths: [`${literal(path)}/**`] }
}

/** The name of a directory can contain the wildcards of a pattern. */
const literal = (path: string): string => path.replace(/[*?[\](){}!+@|]/g, '\\$&')

/** A push cannot change the commit of a source that names its commit, so it would build the same again. */
export const pushFindings = ({ sources = {} }: WrittenProject): Finding[] =>
  Object.entries(sources).flatMap(([name, source]) => {
    const pinned = (['commit', 'commit-from'] as const).find(key => source[key] !== undefined)
    if (source.trigger !== 'true' || pinned === undefined) return []
    const expected = `no ${pinned}: a push cannot change the commit of this source`
    return [
      { path: ['sources', name, 'trigger'], at: 'value' as const, found: show(`trigger with ${pinned}`), expected },
    ]
  })
