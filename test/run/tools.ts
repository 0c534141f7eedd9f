import { spawnSync } from 'node:child_process'
import { capture, runVisibly } from './command.ts'
import { failure, type TestResult } from './results.ts'

type Manager = 'apt-get' | 'dnf' | 'apk' | 'pacman' | 'zypper' | 'brew'

interface Tool {
  /** The system needs only one of these programs. */
  programs: readonly string[]
  /** The names of the packages, if they differ from the name of the first program. */
  packages: Partial<Record<Manager, string>>
  /** Some systems do not offer this tool. Without it, the run skips some tests. */
  optional?: true
}

const tools: readonly Tool[] = [
  {
    programs: ['redis-server', 'valkey-server'],
    packages: { dnf: 'redis', apk: 'redis', pacman: 'valkey', zypper: 'redis', brew: 'redis' },
  },
  { programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'], packages: {} },
  { programs: ['shellcheck'], packages: { dnf: 'ShellCheck', zypper: 'ShellCheck' } },
  { programs: ['dash'], packages: {} },
  { programs: ['bash'], packages: {} },
  { programs: ['curl'], packages: {} },
  { programs: ['wget'], packages: {} },
  { programs: ['openssl'], packages: {} },
  {
    programs: ['ssh'],
    packages: {
      'apt-get': 'openssh-client',
      dnf: 'openssh-clients',
      apk: 'openssh-client',
      pacman: 'openssh',
      zypper: 'openssh-clients',
    },
  },
  // A user's PATH often lacks sbin, where sshd is.
  {
    programs: ['/usr/sbin/sshd', 'sshd'],
    packages: {
      'apt-get': 'openssh-server',
      dnf: 'openssh-server',
      apk: 'openssh-server',
      pacman: 'openssh',
      zypper: 'openssh-server',
      brew: 'openssh',
    },
  },
  {
    programs: ['cc', 'gcc', 'clang'],
    packages: { 'apt-get': 'gcc', dnf: 'gcc', apk: 'build-base', pacman: 'gcc', zypper: 'gcc', brew: 'gcc' },
  },
  { programs: ['make'], packages: {} },
  {
    programs: ['unshare'],
    packages: {
      'apt-get': 'util-linux',
      dnf: 'util-linux',
      apk: 'util-linux-misc',
      pacman: 'util-linux',
      zypper: 'util-linux',
    },
  },
  // The agent's tests use these shells in addition to dash and bash.
  { programs: ['mksh'], packages: {}, optional: true },
  { programs: ['ksh93'], packages: { 'apt-get': 'ksh93u+m', dnf: 'ksh', pacman: 'ksh' }, optional: true },
  { programs: ['yash'], packages: {}, optional: true },
  { programs: ['posh'], packages: {}, optional: true },
  { programs: ['busybox'], packages: { 'apt-get': 'busybox-static' }, optional: true },
  { programs: ['zsh'], packages: {}, optional: true },
  {
    programs: ['nc'],
    packages: { 'apt-get': 'netcat-openbsd', dnf: 'nmap-ncat', apk: 'netcat-openbsd', pacman: 'openbsd-netcat' },
    optional: true,
  },
  { programs: ['nc.traditional'], packages: { 'apt-get': 'netcat-traditional' }, optional: true },
  { programs: ['perl'], packages: {}, optional: true },
  { programs: ['python3'], packages: { pacman: 'python' }, optional: true },
  // The matrix page must be readable in these text browsers.
  { programs: ['lynx'], packages: {}, optional: true },
  { programs: ['w3m'], packages: {}, optional: true },
  // The tests of messages to IRC channels need a server.
  {
    programs: ['/usr/sbin/ngircd', 'ngircd'],
    packages: { 'apt-get': 'ngircd', dnf: 'ngircd', apk: 'ngircd', zypper: 'ngircd', brew: 'ngircd' },
    optional: true,
  },
  // The tests of bad network links need these programs. Only Linux runs these tests.
  {
    programs: ['ip'],
    packages: { 'apt-get': 'iproute2', dnf: 'iproute', apk: 'iproute2', pacman: 'iproute2', zypper: 'iproute2' },
  },
  {
    programs: ['tc'],
    packages: { 'apt-get': 'iproute2', dnf: 'iproute-tc', apk: 'iproute2-tc', pacman: 'iproute2', zypper: 'iproute2' },
  },
  {
    programs: ['nft'],
    packages: { 'apt-get': 'nftables', dnf: 'nftables', apk: 'nftables', pacman: 'nftables', zypper: 'nftables' },
  },
]

/** The servers of `./farm notifiers`. */
const realServers: readonly Tool[] = [
  { programs: ['/usr/sbin/postfix'], packages: { 'apt-get': 'postfix' }, optional: true },
  { programs: ['/usr/sbin/saslpasswd2'], packages: { 'apt-get': 'sasl2-bin libsasl2-modules' }, optional: true },
  { programs: ['/usr/sbin/inspircd', 'inspircd'], packages: { 'apt-get': 'inspircd' }, optional: true },
  { programs: ['atheme-services'], packages: {}, optional: true },
  { programs: ['hg'], packages: { 'apt-get': 'mercurial' }, optional: true },
  { programs: ['cvs'], packages: { 'apt-get': 'cvs' }, optional: true },
]

const installers: Record<Manager, readonly string[]> = {
  'apt-get': ['apt-get', 'install', '-y', '--no-install-recommends'],
  dnf: ['dnf', 'install', '-y'],
  apk: ['apk', 'add'],
  pacman: ['pacman', '-S', '--noconfirm', '--needed'],
  zypper: ['zypper', '--non-interactive', 'install'],
  brew: ['brew', 'install'],
}

// During the installation, Debian must ask no questions. RUNLEVEL keeps Debian from starting a Redis on the standard
// port, because the tests start their own Redis.
const installEnvironment = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', NONINTERACTIVE: '1' }

const isInstalled = (program: string): boolean => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0
const isMissing = ({ programs }: Tool): boolean => !programs.some(isInstalled)

const findManager = (): Manager | undefined => (Object.keys(installers) as Manager[]).find(isInstalled)
const packageOf = ({ programs, packages }: Tool, manager: Manager): string => packages[manager] ?? programs[0] ?? ''

/** The words before a command that run the command as root; undefined if sudo is missing or needs a password. */
const asRoot = (manager: Manager): string[] | undefined => {
  if (manager === 'brew' || process.getuid?.() === 0) return []
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : undefined
}

/** Runs `words` with `installEnvironment`. env(1) sets these variables, because sudo removes the environment. */
const runInstall = async (prefix: readonly string[], words: readonly string[]): Promise<boolean> => {
  const settings = Object.entries(installEnvironment).map(([name, value]) => `${name}=${value}`)
  const [command = 'env', ...rest] = [...prefix, 'env', ...settings, ...words]
  return (await capture(command, rest)).ok
}

const installWith = async (
  manager: Manager,
  prefix: readonly string[],
  packages: readonly string[],
): Promise<boolean> => {
  const words = [...installers[manager], ...packages]
  if (await runInstall(prefix, words)) return true
  if (manager !== 'apt-get') return false
  // The package lists can be missing or old. Update them only after a failure, because an update takes long.
  return (await runInstall(prefix, ['apt-get', 'update'])) && runInstall(prefix, words)
}

const installMissing = async (missing: readonly Tool[]): Promise<void> => {
  const manager = findManager()
  const prefix = manager && asRoot(manager)
  if (!manager || !prefix) return
  const packages = missing.flatMap(tool => packageOf(tool, manager).split(' '))
  console.log(`installing the tools of the tests with ${manager}: ${packages.join(' ')} …`)
  if (await installWith(manager, prefix, packages)) return
  for (const name of packages) await installWith(manager, prefix, [name]) // one unknown name makes the first call fail
}

/** Downloads Chromium with Playwright. Some systems have no usable package: Ubuntu has Chromium only as a snap. */
const fetchChromium = async (): Promise<boolean> =>
  (await runVisibly('pnpm', ['--filter', '@rumpfarm/test', 'exec', 'playwright', 'install', 'chromium'])) === 0

const howToInstall = (tool: Tool): string => {
  const manager = findManager()
  const sudo = manager === 'brew' || process.getuid?.() === 0 ? '' : 'sudo '
  return manager
    ? `install it: ${sudo}${installers[manager].slice(0, 2).join(' ')} ${packageOf(tool, manager)}`
    : 'install it'
}

const isChromium = ({ programs }: Tool): boolean => programs.includes('chromium')

const stillMissing = async (tools: readonly Tool[]): Promise<Tool[]> => {
  const missing = tools.filter(isMissing)
  const chromium = missing.find(isChromium)
  return chromium && (await fetchChromium()) ? missing.filter(tool => tool !== chromium) : missing
}

/** Installs the tools of the tests, or only `program`. */
export const installTools = (program?: string): Promise<TestResult[]> =>
  install(tools.filter(tool => !program || tool.programs.includes(program)))

/** Installs the mail and IRC servers of `./farm notifiers`. */
export const installRealServers = (): Promise<TestResult[]> => install(realServers)

/**
 * Installs the tools that are missing. A tool that is still missing counts as a failed test, or as a skipped test if the
 * tool is optional.
 */
const install = async (wanted: readonly Tool[]): Promise<TestResult[]> => {
  const missing = wanted.filter(isMissing)
  if (missing.length > 0) await installMissing(missing)
  return (await stillMissing(missing)).map((tool): TestResult => {
    const [program = ''] = tool.programs
    const error = howToInstall(tool)
    if (tool.optional) return { file: '', name: `tests with ${program}`, status: 'skipped', error }
    console.log(`FAILED  the tests need ${program}; ${error}`)
    return failure(`the tests need ${program}`, error)
  })
}
