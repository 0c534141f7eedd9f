// PgBouncer in transaction mode, from the package pgbouncer of the operating system.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './program.ts'

/** False if PgBouncer is not installed. Then its tests are skipped: apt-get install pgbouncer. */
export const hasPgBouncer = spawnSync('pgbouncer', ['--version']).status === 0

export interface PgBouncer {
  url: string
  close(): Promise<void>
}

/** Starts PgBouncer in front of the database at `url`, with this number of connections to PostgreSQL. */
export async function startPgBouncer(url: string, connections: number): Promise<PgBouncer> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const directory = mkdtempSync(join(tmpdir(), 'pgbouncer-'))
  chmodSync(directory, 0o755)
  const file = join(directory, 'pgbouncer.ini')
  const own = await freePort()
  const database = [
    `host=${decodeURIComponent(hostname)} port=${port || 5432} dbname=${pathname.slice(1)}`,
    `user=${username} password=${decodeURIComponent(password)}`,
  ].join(' ')
  const settings = [
    `[databases]\nfarm = ${database}`,
    '[pgbouncer]\nlisten_addr = 127.0.0.1\nunix_socket_dir =\nauth_type = any\npool_mode = transaction',
    `listen_port = ${own}\ndefault_pool_size = ${connections}\n`,
  ]
  writeFileSync(file, settings.join('\n'))
  // PgBouncer does not run as root. Only the owner of PostgreSQL's socket may use it.
  const { uid, gid } = statSync(decodeURIComponent(hostname), { throwIfNoEntry: false }) ?? statSync(directory)
  const user = process.getuid?.() === 0 ? { uid, gid } : {}
  const bouncer = spawn('pgbouncer', [file], { stdio: ['ignore', 'ignore', 'pipe'], ...user })
  await untilListening(bouncer, own)
  return {
    url: `postgresql://farm@127.0.0.1:${own}/farm`,
    async close() {
      const exited = once(bouncer, 'exit')
      bouncer.kill('SIGTERM')
      await exited
      rmSync(directory, { recursive: true })
    },
  }
}

async function untilListening(bouncer: ChildProcess, port: number): Promise<void> {
  let log = ''
  bouncer.stderr?.setEncoding('utf8').on('data', text => {
    log += text
  })
  for (let tries = 0; tries < 200; tries++) {
    if (bouncer.exitCode !== null) throw new Error(`pgbouncer ended: ${log}`)
    const socket = connect(port, '127.0.0.1')
    const listens = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (listens) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`pgbouncer does not listen: ${log}`)
}
