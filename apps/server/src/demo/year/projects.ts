import { arches } from './hosts.ts'

export interface DemoProject {
  name: string
  title: string
  /** The share of the farm's hosts that build the project. */
  share: number
  /** These hosts build the project in any case. */
  always: RegExp
  steps: readonly string[]
  variants: readonly [string, string]
  /** The arches that the project expects. */
  arches: readonly string[]
  /** The minutes of each step on a machine of 2024. */
  minutes: readonly number[]
  /** Where the project's files are in its log. */
  folder: string
}

const legacyArches = ['amd64', 'i386', 'sparc', 'sparc64', 'ppc', 'mips', 'mipsel', 'hppa', 'alpha']
const toolArches = ['amd64', 'i386', 'arm64', 'armv7', 'riscv64', 'ppc64le', 'ppc64', 'mips64', 'sparc64', 's390x']

const linked = ['static', 'dynamic'] as const

const usualProjects: readonly DemoProject[] = [
  {
    ...{ name: 'base', title: 'Base libraries and drivers', folder: 'lib/librump', share: 1, always: /./, arches },
    ...{ steps: ['configure', 'build', 'install', 'tests'], minutes: [0.4, 6, 0.3, 3], variants: linked },
  },
  {
    ...{ name: 'docs', title: 'The manual', folder: 'manual', share: 0.35, always: /^trixie$/ },
    ...{
      arches: ['amd64', 'i386', 'arm64'],
      steps: ['build', 'links'],
      minutes: [1.5, 0.5],
      variants: ['html', 'pdf'],
    },
  },
  {
    ...{ name: 'legacy', title: 'Compatibility with old systems', folder: 'compat', share: 0.5, arches: legacyArches },
    ...{ steps: ['fetch', 'build', 'tests'], minutes: [0.2, 4, 1], variants: linked },
    always: /^(old-xeon|cygwin-.*|sol10-ultra|centos-6-cellar|bookworm|puffy)$/,
  },
  {
    ...{ name: 'tools', title: 'Command-line tools', folder: 'rumpctrl', share: 0.6, arches: toolArches },
    ...{ steps: ['configure', 'build', 'tests'], minutes: [0.3, 3, 2], variants: linked },
    always: /^(puffy|apu2|thinkpad-x40|macppc-mini|octeon|t5120|m1-mini|trixie|beastie)$/,
  },
  {
    ...{
      name: 'wide',
      title: 'Portable network stack',
      folder: 'net',
      share: 0.75,
      always: /^(mac-studio|beastie|hammer2)$/,
    },
    ...{ steps: ['configure', 'build', 'tests'], minutes: [0.5, 4, 5], variants: linked, arches },
  },
]

/** `everywhere`: each host builds every project for every arch, as the bench needs it. */
export const demoProjects = (everywhere: boolean): readonly DemoProject[] =>
  everywhere ? usualProjects.map(project => ({ ...project, share: 1, arches })) : usualProjects

/** The repositories have addresses of a forge, so that pages link to it. git finds them in the demo's directory. */
export const repositories = 'https://forgejo.example.org/rumpfarm/'
export const repositoryOf = (name: string): string => `${repositories}${name}.git`

/** The project that builds with a further source, and the source's name. */
export const further = { project: 'wide', source: 'src', branch: 'trunk' }

/** The hosts that build a project. All hosts build base. */
export const hostsOf = <Host extends { name: string; id: number }>(
  project: DemoProject,
  hosts: readonly Host[],
): Host[] =>
  hosts.filter(
    ({ id, name }) => project.always.test(name) || (id * 0.618 + project.name.length * 0.37) % 1 < project.share,
  )

const names = (list: readonly string[]) => `[${list.map(name => JSON.stringify(name)).join(', ')}]`

const scripts: Record<string, string> = {
  fetch: 'sh fetch-sources.sh',
  configure: './configure --enable-$LINK',
  build: 'make -j"$FARM_JOBS"',
  install: 'make install DESTDIR="$FARM_WORK/dest"',
  tests: 'make check',
  links: 'make check-links',
}

const automake = `
    results:
      - step: tests
        pattern: '^(?<result>PASS|FAIL): (?<name>\\S+)'`
const results: Record<string, string> = {
  ...{ base: automake, legacy: automake, tools: automake },
  wide: `
    results:
      - step: tests`,
}

const knownFailures: Record<string, string> = {
  legacy: `
    known-failures:
      - because: programs there are PE-COFF, the tests need ELF
        hosts: ["cygwin*"]
        step: tests`,
}

/** The farm.yaml of the demo farm. No agent runs its jobs, so a running job is lost only after days. */
export function demoFarmYaml(projects: readonly DemoProject[], hosts: readonly { name: string; id: number }[]): string {
  const written = projects.map(
    project => `
  ${project.name}:
    title: ${project.title}
    repository: ${repositoryOf(project.name)}
    branches: [main, "release-*", "feature/*"]${
      project.name === further.project
        ? `
    sources: { ${further.source}: { repository: ${repositoryOf(further.source)}, branch: ${further.branch} } }`
        : ''
    }
    hosts: ${names(hostsOf(project, hosts).map(({ name }) => name))}
    arches: ${names(project.arches)}
    limits: { wall: 1d, silence: 2h, log: 50 MB, lost-after: 7d }
    variants:
${project.variants.map(variant => `      ${variant}: { env: { LINK: ${variant} } }`).join('\n')}
    steps:
${project.steps.map(step => `      - ${step}: ${scripts[step]}`).join('\n')}${results[project.name] ?? ''}${knownFailures[project.name] ?? ''}`,
  )
  return `# The projects of the demo farm. Their repositories are in this directory.\nprojects:${written.join('\n')}\n`
}
