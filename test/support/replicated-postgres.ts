import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  lchownSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { startLocalPostgres } from '../../packages/local-postgres/src/index.ts'
import { withClient } from './postgres.ts'

/** A PostgreSQL of its own with a replica. Only for Linux. */
export interface ReplicatedPostgres {
  url: string
  replicaUrl: string
  /** The replica receives changes, but does not apply them until `resumeReplica`. */
  pauseReplica(): Promise<void>
  resumeReplica(): Promise<void>
  stopReplica(): Promise<void>
  close(): Promise<void>
}

const permissions = `ALTER ROLE rumpfarm REPLICATION
GRANT EXECUTE ON FUNCTION pg_wal_replay_pause, pg_wal_replay_resume TO rumpfarm
`

/** `fill` gets the address of the primary before the replica is copied from it. */
export async function startReplicatedPostgres(fill: (url: string) => Promise<unknown>): Promise<ReplicatedPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-replica-'))
  chmodSync(directory, 0o711) // if root runs this, PostgreSQL runs as another user
  const start = startPrimary(directory)
  const first = await start()
  const program = readlinkSync(`/proc/${first.pid}/exe`)
  await fill(first.url)
  await first.stop()

  const data = join(directory, 'primary', 'data')
  const copy = join(directory, 'replica')
  const { uid, gid } = statSync(data)
  const account = { ...(process.getuid?.() === 0 && { uid, gid }), cwd: '/' }
  execFileSync(program, ['--single', '-D', data, 'postgres'], { ...account, input: permissions, env: {} })
  appendFileSync(join(data, 'pg_hba.conf'), 'local replication rumpfarm scram-sha-256\n')
  cpSync(data, copy, { recursive: true, preserveTimestamps: true })
  chmodSync(copy, 0o700) // Node 24 does not copy the mode, and PostgreSQL refuses others
  writeFileSync(join(copy, 'standby.signal'), '')
  if (account.uid !== undefined) giveTo(copy, uid, gid)

  const primary = await start()
  const settings = [`unix_socket_directories=${copy}`, 'listen_addresses=', `primary_conninfo=${primary.url}`]
  const replica = spawn(program, ['-D', copy, ...settings.flatMap(setting => ['-c', setting])], {
    ...account,
    stdio: 'ignore',
    env: {},
  })
  const replicaUrl = primary.url.replace(/@[^/]+\//, `@${encodeURIComponent(copy)}/`)
  const onReplica = (statement: string) => withClient(replicaUrl, async client => void (await client.query(statement)))
  await vi.waitFor(() => onReplica('SELECT 1'), { timeout: 60_000, interval: 100 })
  return {
    url: primary.url,
    replicaUrl,
    pauseReplica: () => onReplica('SELECT pg_wal_replay_pause()'),
    resumeReplica: () => onReplica('SELECT pg_wal_replay_resume()'),
    stopReplica: () => stop(replica),
    async close() {
      await stop(replica)
      await primary.stop()
      rmSync(directory, { recursive: true })
    },
  }
}

function startPrimary(directory: string) {
  let password: string | undefined
  const write = (text: string) => {
    password = text
  }
  return () =>
    startLocalPostgres({
      directory: join(directory, 'primary'),
      passwordFile: { path: 'memory', read: () => password, write },
      fallback: join(directory, 'fallback'),
      log: { info: () => {}, error: line => console.error(line) },
    })
}

/** Root copies the files, and the user of PostgreSQL must own them. */
function giveTo(directory: string, uid: number, gid: number): void {
  for (const path of ['', ...(readdirSync(directory, { recursive: true }) as string[])])
    lchownSync(join(directory, path), uid, gid)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGQUIT')
  await exit
}
