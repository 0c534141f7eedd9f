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

function sourceLines({ name, repository, commit, path, leaveOut }: JobView['preparedSources'][number]): string[] {
  const tree = path === null ? commit : `${commit}:${path}`
  return [
    `git clone --bare ${quote(repository)} ${quote(`${name}.git`)}; mkdir ${quote(name)}`,
    `git -C ${quote(`${name}.git`)} archive ${quote(tree)} | tar -xf - -C ${quote(name)}`,
    ...(leaveOut.length > 0 ? [`(cd ${quote(name)} && rm -rf ${leaveOut.map(quote).join(' ')})`] : []),
  ]
}
