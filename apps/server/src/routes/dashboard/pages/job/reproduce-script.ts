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

function sourceLines(source: JobView['preparedSources'][number]): string[] {
  const { name, repository, path, leaveOut, merged } = source
  const inside = path === null ? '' : `:${path}`
  const tree = merged ? `"$merged"${inside && quote(inside)}` : quote(`${source.commit}${inside}`)
  return [
    `git clone --bare ${quote(repository)} ${quote(`${name}.git`)}; mkdir ${quote(name)}`,
    ...(merged ? mergeLines(source, merged) : []),
    `git -C ${quote(`${name}.git`)} archive ${tree} | tar -xf - -C ${quote(name)}`,
    ...(leaveOut.length > 0 ? [`(cd ${quote(name)} && rm -rf ${leaveOut.map(quote).join(' ')})`] : []),
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
