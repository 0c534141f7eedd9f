import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

const isFarm = async (url: string): Promise<boolean> => {
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined)
  return answer?.ok === true && (await answer.text()).includes('"ok"')
}

const takenText = async (port: number, url: string): Promise<string> =>
  (await isFarm(url))
    ? `a farm answers at ${url} already; end that one, or start this one elsewhere: PORT=${port + 1} npm start`
    : `port ${port} is taken by another program; choose another: PORT=${port + 1} npm start`

const whyNot: Record<string, (host: string, port: number) => string> = {
  EACCES: (_, port) => `port ${port} is for root only; choose one above 1023: PORT=8080 npm start`,
  EADDRNOTAVAIL: host => `this machine has no address ${host} (HOST)`,
}

/** The port that the server can have, or why it cannot. */
export const findPort = async (
  host: string,
  port: number,
  url: string,
): Promise<{ port: number } | { problem: string }> => {
  const server = createServer().listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') return { problem: await takenText(port, url) }
    return { problem: whyNot[code]?.(host, port) ?? `cannot listen on ${host}, port ${port}: ${message}` }
  }
  const found = (server.address() as AddressInfo).port
  server.close()
  await once(server, 'close')
  return { port: found }
}
