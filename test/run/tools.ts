import { spawnSync } from 'node:child_process'
import { aloud, quietly } from './command.ts'
import type { Tally } from './tally.ts'

type Manager = 'apt-get' | 'dnf' | 'apk' | 'pacman' | 'zypper' | 'brew'

interface Tool {
  /** Any of these programs will do. */
  programs: readonly string[]
  /** Its package, where that is not called as the first program is. */
  packages: Partial<Record<Manager, string>>
  /** Not every system has it: without it the agent is not tried with it. */
  spare?: true
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
  // No command -v finds it for a user whose PATH has no sbin.
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
  // What the agent is tried with, beside dash and bash.
  { programs: ['mksh'], packages: {}, spare: true },
  { programs: ['ksh93'], packages: { 'apt-get': 'ksh93u+m', dnf: 'ksh', pacman: 'ksh' }, spare: true },
  { programs: ['yash'], packages: {}, spare: true },
  { programs: ['posh'], packages: {}, spare: true },
  { programs: ['busybox'], packages: { 'apt-get': 'busybox-static' }, spare: true },
  { programs: ['zsh'], packages: {}, spare: true },
  {
    programs: ['nc'],
    packages: { 'apt-get': 'netcat-openbsd', dnf: 'nmap-ncat', apk: 'netcat-openbsd', pacman: 'openbsd-netcat' },
    spare: true,
  },
  { programs: ['nc.traditional'], packages: { 'apt-get': 'netcat-traditional' }, spare: true },
  { programs: ['perl'], packages: {}, spare: true },
  { programs: ['python3'], packages: { pacman: 'python' }, spare: true },
  // For the tests of hosts whose links fail, which are Linux's.
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

const installers: Record<Manager, readonly string[]> = {
  'apt-get': ['apt-get', 'install', '-y', '--no-install-recommends'],
  dnf: ['dnf', 'install', '-y'],
  apk: ['apk', 'add'],
  pacman: ['pacman', '-S', '--noconfirm', '--needed'],
  zypper: ['zypper', '--non-interactive', 'install'],
  brew: ['brew', 'install'],
}

// No questions; and Debian must not start a Redis of its own on the well-known port: each test run starts the one it needs.
const quietInstall = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', NONINTERACTIVE: '1' }

const isHere = (program: string): boolean => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0
const isMissing = ({ programs }: Tool): boolean => !programs.some(isHere)
const missingTools = (): Tool[] => tools.filter(isMissing)

const findManager = (): Manager | undefined => (Object.keys(installers) as Manager[]).find(isHere)
const packageOf = ({ programs, packages }: Tool, manager: Manager): string => packages[manager] ?? programs[0] ?? ''

/** What makes a command root's; undefined: only a person can, with a password. */
const asRoot = (manager: Manager): string[] | undefined => {
  if (manager === 'brew' || process.getuid?.() === 0) return []
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : undefined
}

/** Runs `words` with the settings in the environment, also behind sudo, which drops ours. */
const runInstall = async (prefix: readonly string[], words: readonly string[]): Promise<boolean> => {
  const settings = Object.entries(quietInstall).map(([name, value]) => `${name}=${value}`)
  const [command = 'env', ...rest] = [...prefix, 'env', ...settings, ...words]
  return (await quietly(command, rest)).ok
}

const installWith = async (
  manager: Manager,
  prefix: readonly string[],
  packages: readonly string[],
): Promise<boolean> => {
  const words = [...installers[manager], ...packages]
  if (await runInstall(prefix, words)) return true
  if (manager !== 'apt-get') return false
  // The lists of packages may be missing or old: fetched only now that they are needed.
  return (await runInstall(prefix, ['apt-get', 'update'])) && runInstall(prefix, words)
}

const installMissing = async (missing: readonly Tool[]): Promise<void> => {
  const manager = findManager()
  const prefix = manager && asRoot(manager)
  if (!manager || !prefix) return
  const packages = missing.map(tool => packageOf(tool, manager))
  console.log(`installing for the tests, with ${manager}: ${packages.join(' ')} …`)
  if (await installWith(manager, prefix, packages)) return
  for (const name of packages) await installWith(manager, prefix, [name]) // one unknown name fails all of them at once
}

/** Where no distribution's package will do (Ubuntu has Chromium only as a snap), Playwright brings its own. */
const fetchChromium = async (): Promise<boolean> =>
  (await aloud('pnpm', ['--filter', '@rumpfarm/test', 'exec', 'playwright', 'install', 'chromium'])) === 0

const howToInstall = (tool: Tool): string => {
  const manager = findManager()
  const sudo = manager === 'brew' || process.getuid?.() === 0 ? '' : 'sudo '
  return manager
    ? `install it: ${sudo}${installers[manager].slice(0, 2).join(' ')} ${packageOf(tool, manager)}`
    : 'install it'
}

const isChromium = ({ programs }: Tool): boolean => programs.includes('chromium')

const stillMissing = async (): Promise<Tool[]> => {
  const missing = missingTools()
  const chromium = missing.find(isChromium)
  return chromium && (await fetchChromium()) ? missing.filter(tool => tool !== chromium) : missing
}

/**
 * Sees to it that what the tests need is here. Every tool that cannot be had is a failure of its own, with what to do; a
 * spare one is a test that does not run.
 */
export const haveTools = async (): Promise<Tally> => {
  const missing = missingTools()
  if (missing.length > 0) await installMissing(missing)
  const left = missing.length > 0 ? await stillMissing() : []
  const needed = left.filter(({ spare }) => !spare)
  for (const tool of needed)
    console.log(`FAILED  the tests need ${tool.programs[0]}, which is not here; ${howToInstall(tool)}`)
  const spared = left
    .filter(({ spare }) => spare)
    .map(tool => `the agent with ${tool.programs[0]}; ${howToInstall(tool)}`)
  return { passed: 0, failed: needed.length, skipped: spared }
}
