// A gateway: a real sshd with one account for tunnels, configured as in docs/hosts.md, in its own namespaces.
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
  /** All output lines of sshd. */
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

  /** Opens a gateway where hosts can reach only the port of the farm. */
  static async open(farmUrl: string): Promise<Gateway> {
    const gateway = new Gateway(Number(new URL(farmUrl).port))
    gateway.#port = await freePort()
    await gateway.start()
    return gateway
  }

  /** The address at which the gateway finds the farm. If root runs the test, only the gateway knows the farm's name. */
  get farm(): string {
    return `${isRoot ? 'farm.behind' : '127.0.0.1'}:${this.#farmPort}`
  }

  /** The lines for the owner's host.conf. */
  get conf(): string {
    const [type, key] = this.#publicKey('host').split(' ')
    const account = `${userInfo().username}@127.0.0.1:${this.#port}`
    return `tunnel ${account} ${join(this.directory, 'client')}\ntunnel_key ${type} ${key}\n`
  }

  /** Listens again on the same port, with the host key `as`. */
  async start(as: 'host' | 'other' = 'host'): Promise<void> {
    writeFileSync(join(this.directory, 'config'), this.#config(as))
    const before = this.lines.length
    this.#process = spawn('unshare', this.#command(), { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      if (stream) createInterface({ input: stream }).on('line', line => this.lines.push(line))
    const listens = () => this.lines.slice(before).some(line => /Server listening on 127.0.0.1/.test(line)) || undefined
    await eventually(`sshd to listen; it said: ${this.lines.join('; ')}`, listens)
  }

  /** Ends sshd and all its connections at once. */
  async kill(): Promise<void> {
    const gone = new Promise(resolve => this.#process?.once('close', resolve))
    this.#process?.kill('SIGKILL') // the end of this process also ends its namespace
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
      StrictModes: 'no', // the files are below /tmp
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

  /** If root runs sshd, sshd gets a private /run for its directory, and a private /etc/hosts with the farm's name. */
  #command(): string[] {
    const listen = [sshd, '-D', '-e', '-f', join(this.directory, 'config')]
    if (!isRoot) return ['-cpf', '--mount-proc', '--kill-child', ...listen]
    const prepare = 'mount -t tmpfs none /run && mkdir /run/sshd && mount --bind "$0" /etc/hosts && exec "$@"'
    return ['-mpf', '--mount-proc', '--kill-child', 'sh', '-c', prepare, join(this.directory, 'hosts'), ...listen]
  }
}
