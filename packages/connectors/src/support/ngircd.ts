import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

const program = ['/usr/sbin/ngircd', 'ngircd'].find(name => spawnSync(name, ['--version']).status === 0)

export const hasNgircd = program !== undefined

export interface IrcPorts {
  plain: number
  tls: number
}

/** Starts ngircd with `#open`, which accepts messages from outside, and `#farm`, which does not. It takes about 50 ms. */
export async function startNgircd({ key, cert }: { key: string; cert: string }): Promise<IrcPorts> {
  const [plain, tls] = [await freePort(), await freePort()]
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-ngircd-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const channel = (name: string, modes: string) => `[Channel]\nName = ${name}\nModes = ${modes}\n`
  const configuration = file(
    'ngircd.conf',
    [
      `[Global]\nName = irc.example.net\nInfo = Test\nListen = 127.0.0.1\nPorts = ${plain}\nServerUID = ${userInfo().username}\nServerGID = ${userInfo().gid}`,
      '[Limits]\nMaxConnectionsIP = 0\nPingTimeout = 120\nPongTimeout = 20\nMaxNickLength = 9',
      '[Options]\nDNS = no\nIdent = no\nPAM = no',
      `[SSL]\nCertFile = ${file('cert.pem', cert)}\nKeyFile = ${file('key.pem', key)}\nPorts = ${tls}`,
      channel('#open', 't'),
      channel('#farm', 'tn'),
      channel('#invited', 'in'),
    ].join('\n'),
  )
  chmodSync(directory, 0o755)
  const server = spawn(program ?? 'ngircd', ['-n', '-f', configuration], { stdio: 'ignore' })
  onTestFinished(async () => {
    server.kill('SIGKILL')
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
    rmSync(directory, { recursive: true })
  })
  for (const port of [plain, tls]) await untilOpen(port)
  return { plain, tls }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(closed => server.close(closed))
  return port
}

export async function untilOpen(port: number, seconds = 50): Promise<void> {
  const end = Date.now() + seconds * 1000
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch (error) {
      if (Date.now() > end) throw error
      await sleep(10)
    } finally {
      socket.destroy()
    }
  }
}

/** A person in a channel: a client of its own, which keeps every line of the server. */
export async function joinAs(nick: string, channel: string, port: number) {
  const lines: string[] = []
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  let rest = ''
  socket.on('data', text => {
    const parts = (rest + text).split('\r\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    for (const line of parts) if (line.startsWith('PING')) socket.write(`${line.replace('PING', 'PONG')}\r\n`)
  })
  socket.on('error', () => {}) // the end of the server can reset the connection
  onTestFinished(() => {
    socket.destroy()
  })
  socket.write(`NICK ${nick}\r\nUSER ${nick} 0 * :${nick}\r\n`)
  const until = async (pattern: RegExp, seconds = 50) => {
    const end = Date.now() + seconds * 1000
    while (!lines.some(line => pattern.test(line))) {
      if (Date.now() > end) throw new Error(`no line matches ${pattern}:\n${lines.join('\n')}`)
      await sleep(10)
    }
  }
  await until(/ 001 /)
  socket.write(`JOIN ${channel}\r\n`)
  await until(/ 366 /)
  const heard = () =>
    lines.filter(line => line.includes(' PRIVMSG ')).map(line => line.replace(/^.*? PRIVMSG \S+ :?/, ''))
  return { lines, until, heard, write: (line: string) => socket.write(`${line}\r\n`) }
}
