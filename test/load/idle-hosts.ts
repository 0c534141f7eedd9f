// Sends the long polls of many idle hosts. idle.ts starts it. Each poll is a new connection with the headers of curl, as
// an agent with curl sends it, so that the server pays for the connection too.
// Usage: idle-hosts PORT COUNT SECONDS; the credential and the instance of host 7 are "idle-7".
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const [port = 0, count = 0, spread = 0] = process.argv.slice(2).map(Number)
const waitSeconds = 50
const body = 'disk_mb 10000\nend\n'
let answered = 0
let refused = 0

/** One claim. Resolves when the server has answered or has closed the connection. */
function poll(host: number): Promise<void> {
  const request = [
    `POST /agent/v1/claim?instance=idle-${host}&slot=1&claim=1&wait=${waitSeconds} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'User-Agent: curl/7.88.1',
    'Accept: */*',
    `Authorization: Bearer idle-${host}`,
    'Content-Type: application/octet-stream',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')
  return new Promise(resolve => {
    let answer = ''
    let problem = ''
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request))
    socket.on('data', piece => {
      answer += piece
      const end = answer.indexOf('\r\n\r\n')
      const bytes = Number(/^content-length: (\d+)/im.exec(answer)?.[1])
      if (end >= 0 && answer.length >= end + 4 + bytes) socket.destroy()
    })
    socket.on('error', error => (problem = error.message))
    socket.on('close', () => {
      if (/\r\n\r\nok\n/.test(answer))
        answered++ // the status is always 200
      else if (refused++ === 0)
        console.log(`a claim failed: ${problem} ${answer.slice(0, 300).replaceAll('\r\n', ' ')}`)
      resolve()
    })
  })
}

async function pollAlways(host: number): Promise<never> {
  for (;;) {
    const before = refused
    await poll(host)
    if (refused > before) await sleep(5_000) // as the agent does
  }
}

// The hosts begin at different times, as they would after days.
for (let host = 0; host < count; host++) setTimeout(() => void pollAlways(host), (spread * 1000 * host) / count)
setTimeout(() => console.log('all hosts wait'), spread * 1000)
process.on('SIGUSR2', () => console.log(`answered ${answered}, failed ${refused}`))
