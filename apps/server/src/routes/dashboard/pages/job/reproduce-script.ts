import type { JobView } from '@rumpfarm/farm'

const quote = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** Returns a shell script that repeats the job on a machine with git, without the farm. */
export function reproduceScript({
  id,
  buildId,
  kind,
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
    ...preparedSources.flatMap((source, at) => sourceLines(source, at, { kind })),
    `cd ${quote(first?.name ?? '.')}`,
    'export FARM_WORK FARM_JOBS="$(getconf _NPROCESSORS_ONLN)"',
    ...Object.entries(env).map(([key, value]) => `export ${key}=${quote(value)}`),
    ...recipe.steps.flatMap(({ name, run }) => ['', `# ${name}`, '(', run.replace(/\n$/, ''), ')']),
    '',
  ].join('\n')
}

type Source = JobView['preparedSources'][number]

function sourceLines(source: Source, at: number, { kind }: Pick<JobView, 'kind'>): string[] {
  const { name, repository, leaveOut, tarball, submodules, lfs } = source
  const lines = () => {
    if (kind === 'try' && at === 0) return tryLines(source)
    if (tarball) return tarballLines(source)
    if (/^(hg|cvs)\+/.test(repository)) return otherLines(source)
    return submodules || lfs ? checkoutLines(source) : archiveLines(source)
  }
  return [
    ...lines(),
    ...(leaveOut.length > 0 ? [`(cd ${quote(name)} && rm -rf ${leaveOut.map(quote).join(' ')})`] : []),
  ]
}

/** The farm does not keep the files of a try, and no repository has them. */
const tryLines = ({ name }: Source): string[] => [
  '# The sources of a try were uploaded: TREE is the directory that has them',
  `cp -R "\${TREE:?set TREE to the directory with the files of the try}/." ${quote(name)}`,
]

/** An archive of git has no submodules and no files of git LFS, so these need a checkout. */
function checkoutLines({ name, repository, commit, path, submodules, lfs, merged }: Source): string[] {
  const all = quote(path === null ? name : `${name}.git`)
  const lfsLines = 'git lfs install --local && git lfs pull'
  return [
    `git clone ${quote(repository)} ${all}`,
    ...(merged
      ? [
          fetchHead(all, repository, merged.head),
          `git -C ${all} checkout ${merged.base}`,
          `git -C ${all} -c user.name=farm -c user.email=farm@localhost merge --no-edit ${merged.head}`,
        ]
      : [`git -C ${all} checkout ${quote(commit)}`]),
    ...(submodules ? [`git -C ${all} submodule update --init --recursive`] : []),
    ...(lfs ? [`(cd ${all} && ${lfsLines})`] : []),
    ...(lfs && submodules ? [`git -C ${all} submodule foreach --recursive '${lfsLines}'`] : []),
    ...(path === null ? [] : [`mv ${quote(`${name}.git/${path}`)} ${quote(name)}`]),
  ]
}

function archiveLines({ name, repository, commit, path, merged }: Source): string[] {
  const bare = quote(`${name}.git`)
  const inside = path === null ? '' : `:${path}`
  const tree = merged ? `"$merged"${inside && quote(inside)}` : quote(`${commit}${inside}`)
  return [
    `git clone --bare ${quote(repository)} ${bare}; mkdir ${quote(name)}`,
    ...(merged
      ? [
          fetchHead(bare, repository, merged.head),
          `merged=$(git -C ${bare} merge-tree --write-tree ${merged.base} ${merged.head})`,
        ]
      : []),
    `git -C ${bare} archive ${tree} | tar -xf - -C ${quote(name)}`,
  ]
}

/** The commit of a fork can be only in the repository of the fork. */
const fetchHead = (directory: string, repository: string, head: string): string =>
  `git -C ${directory} fetch ${quote(repository)} ${head} || echo 'fetch ${head} from the repository of the pull request'`

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
