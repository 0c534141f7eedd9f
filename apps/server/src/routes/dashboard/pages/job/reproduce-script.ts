import type { JobView } from '@rumpfarm/farm'

const quote = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** Returns a shell script that repeats the job on a machine with git, without the farm. */
export function reproduceScript({
  id,
  buildId,
  recipe,
  preparedSources,
  arch,
  variant,
  branch,
  tag,
  pullRequest,
  commit,
  project,
}: JobView): string {
  const [first] = preparedSources
  const env = {
    CI: 'true',
    FARM_PROJECT: project,
    FARM_BUILD: String(buildId),
    FARM_JOB: String(id),
    FARM_COMMIT: commit,
    FARM_BRANCH: branch ?? '',
    FARM_TAG: tag ?? '',
    FARM_PULL_REQUEST: pullRequest === null ? '' : String(pullRequest),
    FARM_ARCH: arch,
    FARM_VARIANT: variant,
    FARM_RUN: '', // the runner of a cross build, which only the configuration of the host has
    ...recipe.env,
  }
  return [
    'set -e',
    'FARM_WORK=$PWD/work; mkdir "$FARM_WORK"; cd "$FARM_WORK"',
    ...preparedSources.flatMap(sourceLines),
    `cd ${quote(first?.name ?? '.')}`,
    'export FARM_WORK FARM_JOBS="$(getconf _NPROCESSORS_ONLN)"',
    ...Object.entries(env).map(([key, value]) => `export ${key}=${quote(value)}`),
    ...recipe.steps.flatMap(({ name, run }) => ['', `# ${name}`, '(', run.replace(/\n$/, ''), ')']),
    '',
  ].join('\n')
}

type Source = JobView['preparedSources'][number]

function sourceLines(source: Source): string[] {
  const { name, repository, leaveOut, tarball } = source
  const lines = tarball ? tarballLines(source) : /^(hg|cvs)\+/.test(repository) ? otherLines(source) : gitLines(source)
  return [...lines, ...(leaveOut.length > 0 ? [`(cd ${quote(name)} && rm -rf ${leaveOut.map(quote).join(' ')})`] : [])]
}

function gitLines(source: Source): string[] {
  const { name, repository, commit, path, submodules, lfs, merged } = source
  if (!merged && (submodules || lfs)) {
    const all = path === null ? name : `${name}.git`
    return [
      `git clone ${quote(repository)} ${quote(all)}; git -C ${quote(all)} checkout ${quote(commit)}`,
      ...(submodules ? [`git -C ${quote(all)} submodule update --init --recursive`] : []),
      ...(path === null ? [] : [`mv ${quote(`${all}/${path}`)} ${quote(name)}`]),
    ]
  }
  const inside = path === null ? '' : `:${path}`
  const tree = merged ? `"$merged"${inside && quote(inside)}` : quote(`${commit}${inside}`)
  return [
    `git clone --bare ${quote(repository)} ${quote(`${name}.git`)}; mkdir ${quote(name)}`,
    ...(merged ? mergeLines(source, merged) : []),
    `git -C ${quote(`${name}.git`)} archive ${tree} | tar -xf - -C ${quote(name)}`,
  ]
}

function tarballLines({ name, repository, commit, tarball }: Source): string[] {
  const file = quote(`${name}.tarball`)
  return [
    `curl -fL -o ${file} ${quote(repository)}; mkdir ${quote(name)}`,
    `echo "${commit}  "${file} | sha256sum -c`,
    `tar -xf ${file} -C ${quote(name)} --strip-components=${tarball?.strip ?? 1}`,
  ]
}

function otherLines({ name, repository, commit, module = '' }: Source): string[] {
  if (repository.startsWith('hg+'))
    return [`hg clone --updaterev ${quote(commit)} ${quote(repository.slice('hg+'.length))} ${quote(name)}`]
  const root = quote(repository.slice('cvs+'.length))
  return [
    '# CVS has no commits: these are the newest files of the trunk',
    `cvs -d ${root} export -D now -d ${quote(name)} ${quote(module)}`,
  ]
}

/** Merges the pull request as the farm did. The merge itself is in no repository, or only in that of the forge. */
const mergeLines = (
  { name, repository }: JobView['preparedSources'][number],
  { head, base }: { head: string; base: string },
): string[] => [
  `git -C ${quote(`${name}.git`)} fetch ${quote(repository)} ${head} || echo 'fetch ${head} from the repository of the pull request'`,
  `merged=$(git -C ${quote(`${name}.git`)} merge-tree --write-tree ${base} ${head})`,
]
