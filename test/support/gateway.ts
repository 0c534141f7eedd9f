// A gateway: a real sshd with one account for tunnels, set up as docs/hosts.md says, in namespaces of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from './program.ts'
import { eventually } from './waiting.ts'

const isRoot = process.getuid?.() === 0
const sshd = '/usr/sbin/sshd'

export class Gateway {
  readonly directory = mkdtempSync(join(tmpdir(), 'rumpfarm-gateway-'))
  /** Everything that sshd has said. */
  readonly lines: string[] = []
  readonly #farmPort: number
  #port = 0
  #process: ChildProcess | undefined

  private constructor(farmPort: number) {
    this.#farmPort = farmPort
    for (const name of ['host', 'other', 'client'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(this.directory, name)])
    chmodSync(this.directory, 0o755)
    writeFileSync(join(this.directory, 'authorized_keys'), `restrict,port-forwarding ${this.#publicKey('client')}\n`)
    const hosts = readFileSync('/etc/hosts', 'utf8')
    writeFileSync(join(this.directory, 'hosts'), `${hosts}\n127.0.0.1 farm.behind\n`)
  }

  /** One that lets its hosts reach the farm's port, and nothing else. */
  static async open(farmUrl: string): Promise<Gateway> {
    const gateway = new Gateway(Number(new URL(farmUrl).port))
    gateway.#port = await freePort()
    await gateway.start()
    return gateway
  }

  /** The farm as the gateway reaches it; a name that only the gateway knows, where a test may arrange that. */
  get farm(): string {
    return `${isRoot ? 'farm.behind' : '127.0.0.1'}:${this.#farmPort}`
  }

  /** What the owner of a host writes into host.conf. */
  get conf(): string {
    const [type, key] = this.#publicKey('host').split(' ')
    const account = `${userInfo().username}@127.0.0.1:${this.#port}`
    return `tunnel ${account} ${join(this.directory, 'client')}\ntunnel_key ${type} ${key}\n`
  }

  /** Listens again at the same port; `as`: with this host key. */
  async start(as: 'host' | 'other' = 'host'): Promise<void> {
    writeFileSync(join(this.directory, 'config'), this.#config(as))
    const before = this.lines.length
    this.#process = spawn('unshare', this.#command(), { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      if (stream) createInterface({ input: stream }).on('line', line => this.lines.push(line))
    const listens = () => this.lines.slice(before).some(line => /Server listening on 127.0.0.1/.test(line)) || undefined
    await eventually(`sshd to listen; it said: ${this.lines.join('; ')}`, listens)
  }

  /** Gone at once, with every connection. */
  async kill(): Promise<void> {
    const gone = new Promise(resolve => this.#process?.once('close', resolve))
    this.#process?.kill('SIGKILL') // its namespace ends with it
    await gone
    this.#process = undefined
  }

  async close(): Promise<void> {
    if (this.#process) await this.kill()
    rmSync(this.directory, { recursive: true })
  }

  #publicKey(name: string): string {
    return readFileSync(join(this.directory, `${name}.pub`), 'utf8')
      .trim()
      .split(' ')
      .slice(0, 2)
      .join(' ')
  }

  #config(hostKey: string): string {
    const lines = {
      Port: this.#port,
      ListenAddress: '127.0.0.1',
      HostKey: join(this.directory, hostKey),
      AuthorizedKeysFile: join(this.directory, 'authorized_keys'),
      PidFile: 'none',
      StrictModes: 'no', // below /tmp
      UsePAM: 'no',
      PasswordAuthentication: 'no',
      KbdInteractiveAuthentication: 'no',
      PermitRootLogin: 'prohibit-password',
      LogLevel: 'VERBOSE',
    }
    const tunnelsOnly = {
      Match: `User ${userInfo().username}`,
      AllowTcpForwarding: 'local',
      PermitOpen: this.farm,
      PermitTTY: 'no',
      X11Forwarding: 'no',
      AllowAgentForwarding: 'no',
      ForceCommand: '/bin/false',
    }
    return Object.entries({ ...lines, ...tunnelsOnly })
      .map(([key, value]) => `${key} ${value}\n`)
      .join('')
  }

  /** As root sshd wants a directory below /run, and gets one that nobody else sees; the same for the farm's name. */
  #command(): string[] {
    const listen = [sshd, '-D', '-e', '-f', join(this.directory, 'config')]
    if (!isRoot) return ['-cpf', '--mount-proc', '--kill-child', ...listen]
    const prepare = 'mount -t tmpfs none /run && mkdir /run/sshd && mount --bind "$0" /etc/hosts && exec "$@"'
    return ['-mpf', '--mount-proc', '--kill-child', 'sh', '-c', prepare, join(this.directory, 'hosts'), ...listen]
  }
}
