import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const agentShell = process.env.AGENT_SHELL ?? 'dash'
export const agentClient = process.env.AGENT_CLIENT ?? 'curl'

/** A machine with two busy cores needs up to 30 s for work that takes 1 s on an idle machine. */
export const patienceMs = 120_000

const agentFolder = join(import.meta.dirname, '..', '..')
const bundles = new Map<string, string>()

/** The output of bundle.sh with this option. One call takes 0.1 s of CPU time, so each process runs it once. */
export const bundle = (option = ''): string => {
  const known = bundles.get(option)
  if (known !== undefined) return known
  const words = option === '' ? [] : [option]
  const text = execFileSync('sh', [join(agentFolder, 'bundle.sh'), ...words], { encoding: 'utf8' })
  bundles.set(option, text)
  return text
}

/** A pid namespace contains all processes of a test: a wrong kill stays inside, and no process outlives the test. */
const pidNamespace = [...(process.getuid?.() === 0 ? [] : ['-Ur']), '-pf', '--mount-proc', '--kill-child']

const namespaceError = () => {
  try {
    execFileSync('unshare', [...pidNamespace, 'true'], { stdio: 'pipe' })
    return ''
  } catch (error) {
    return String(error)
  }
}

export const requireNamespace = () => {
  const trouble = namespaceError()
  if (!trouble) return
  throw new Error(
    `The agent's tests run each agent in a pid namespace, and "unshare ${pidNamespace.join(' ')}" does not work here: ${trouble}\n` +
      'Run them as root, or allow user namespaces (sysctl user.max_user_namespaces=10000; ' +
      'on Debian < 11 also kernel.unprivileged_userns_clone=1).',
  )
}

export const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** A program and its argv[0]. This name tells busybox to act as ash, and bash and zsh to act as sh. */
export type Shell = { program: string; as: string }

const asOther: Record<string, Shell> = {
  ash: { program: 'busybox', as: 'ash' },
  'bash --posix': { program: 'bash', as: 'sh' },
  'zsh as sh': { program: 'zsh', as: 'sh' },
}
export const shellNamed = (name: string): Shell => asOther[name] ?? { program: name, as: name }

const link = (folder: string, { program, as }: Shell): string => {
  const path = execFileSync('sh', ['-c', `command -v ${quote(program)}`], { encoding: 'utf8' }).trim()
  symlinkSync(path, join(folder, as))
  return join(folder, as)
}

type Line = { text: string; at: number }

/** A host: a directory and a pid namespace, in which agents run. */
export class Host {
  readonly folder = mkdtempSync(join(tmpdir(), 'rumpfarm-agent-'))
  readonly dir = join(this.folder, 'state')
  readonly shell: string
  readonly lines: Line[] = []
  private init: ChildProcess
  private waiters = new Set<() => void>()
  private runs = 0
  agentPid = 0

  /** `namespaces`: further options of unshare. */
  constructor(env: Record<string, string> = {}, shell = shellNamed(agentShell), namespaces: readonly string[] = []) {
    this.shell = link(this.folder, shell)
    mkdirSync(join(this.folder, 'home'))
    this.init = spawn('unshare', [...pidNamespace, ...namespaces, 'bash', join(import.meta.dirname, 'init.bash')], {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: join(this.folder, 'home'),
        RUMPFARM_DIR: this.dir,
        RUMPFARM_SHELL: this.shell,
        RUMPFARM_CLIENT: agentClient,
        ...env,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    if (!this.init.stdout) throw new Error('no output from the first process')
    createInterface({ input: this.init.stdout }).on('line', text => this.note(text))
  }

  /** The process that owns the namespaces. */
  get pid(): number | undefined {
    return this.init.pid
  }

  private note(text: string) {
    this.lines.push({ text, at: Date.now() })
    for (const look of [...this.waiters]) look()
  }

  /** Runs shell text as the first process of the namespace, and does not wait for it. */
  send(text: string) {
    this.init.stdin?.write(`${text}\n`)
  }

  /** Runs a command and returns its output and exit code. */
  async run(text: string, milliseconds = patienceMs): Promise<{ output: string; code: number }> {
    this.runs += 1
    const name = `run-${this.runs}`
    this.send(`{ ( ${text} ) >${name} 2>&1 </dev/null; echo "${name} $?"; } &`)
    const line = await this.line(new RegExp(`^${name} `), milliseconds)
    return { output: readFileSync(join(this.folder, name), 'utf8'), code: Number(line.text.split(' ')[1]) }
  }

  async line(pattern: RegExp, milliseconds = patienceMs, after = 0): Promise<Line> {
    const find = () => this.lines.find(line => line.at >= after && pattern.test(line.text))
    const found = find()
    if (found) return found
    return await new Promise((resolve, reject) => {
      const look = () => {
        const found = find()
        if (!found) return
        clearTimeout(late)
        this.waiters.delete(look)
        resolve(found)
      }
      const late = setTimeout(() => {
        this.waiters.delete(look)
        reject(new Error(`no line ${pattern} in ${milliseconds} ms\n${this.said()}`))
      }, milliseconds)
      this.waiters.add(look)
    })
  }

  /**
   * Starts the agent with default signals, because a background command of a shell ignores INT. Resolves with the pid
   * of the agent in the namespace. `exited` resolves with the exit code.
   */
  async start(
    words = `${quote(join(this.dir, 'agent.sh'))} run`,
  ): Promise<{ name: string; pid: number; exited: Promise<Line> }> {
    this.runs += 1
    const name = `agent-${this.runs}`
    this.send(
      `{ bash -c 'echo "${name} $$"; exec /usr/bin/env --default-signal "$@" 2>&1 </dev/null' x ${quote(this.shell)} ${words}; echo "${name} exit $?"; } &`,
    )
    const started = await this.line(new RegExp(`^${name} [0-9]`))
    this.agentPid = Number(started.text.split(' ')[1])
    const exited = this.line(new RegExp(`^${name} exit `))
    exited.catch(() => {}) // if no test awaits `exited`, its rejection is no error
    return { name, pid: this.agentPid, exited }
  }

  signal(name: string, pid = this.agentPid) {
    if (pid > 1) this.send(`kill -s ${name} ${pid}`)
  }

  /** The messages of the agent. */
  said() {
    return this.lines.map(line => line.text).join('\n')
  }

  /** The command lines of all living processes in the namespace that contain this text. */
  async alive(text: string): Promise<string[]> {
    const { output } = await this.run('ps -e -o stat= -o args=')
    return output.split('\n').filter(line => line.includes(text) && !line.startsWith('Z') && !line.includes('ps -e'))
  }

  /** Resolves when no living process has this text in its command line. */
  async ended(text: string): Promise<void> {
    while ((await this.alive(text)).length > 0) await new Promise(resolve => setTimeout(resolve, 50))
  }

  /** Resolves when this path of the state directory is gone. The agent removes files in the background. */
  async removed(...path: string[]) {
    const gone = join(this.dir, ...path)
    const { code } = await this.run(`while [ -e ${quote(gone)} ]; do sleep 0.02; done`)
    return code === 0
  }

  read(...path: string[]) {
    return readFileSync(join(this.dir, ...path), 'utf8')
  }

  /** Replaces host.conf by a rename, so that the agent never reads half a file. */
  configure(text: string) {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 })
    writeFileSync(join(this.dir, 'host.conf.new'), text)
    renameSync(join(this.dir, 'host.conf.new'), join(this.dir, 'host.conf'))
  }

  mode(...path: string[]) {
    return (statSync(join(this.dir, ...path)).mode & 0o777).toString(8)
  }

  files(...path: string[]): string[] {
    const folder = join(this.dir, ...path)
    return existsSync(folder) ? readdirSync(folder) : []
  }

  async close() {
    const gone = new Promise(resolve => this.init.once('exit', resolve))
    if (this.init.exitCode === null && this.init.signalCode === null) {
      this.init.stdin?.end() // the first process ends, and the kernel ends the whole namespace
      const late = setTimeout(() => this.init.kill('SIGKILL'), 5000)
      await gone
      clearTimeout(late)
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}
