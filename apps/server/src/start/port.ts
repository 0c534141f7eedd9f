import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

const isFarm = async (url: string): Promise<boolean> => {
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined)
  return answer?.ok === true && (await answer.text()).includes('"ok"')
}

const portInUse = async (port: number, url: string): Promise<string> =>
  (await isFarm(url))
    ? `a farm already answers at ${url}; stop it, or start this farm on another port: PORT=${port + 1} npm start`
    : `port ${port} is used by another program; choose another port: PORT=${port + 1} npm start`

const problems: Record<string, (host: string, port: number) => string> = {
  EACCES: (_, port) => `only root can use port ${port}; choose a port above 1023: PORT=8080 npm start`,
  EADDRNOTAVAIL: host => `this machine has no address ${host} (HOST)`,
}

/** Returns a port that the server can use, or the problem with the wanted port. */
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
    if (code === 'EADDRINUSE') return { problem: await portInUse(port, url) }
    return { problem: problems[code]?.(host, port) ?? `cannot listen on ${host}, port ${port}: ${message}` }
  }
  const found = (server.address() as AddressInfo).port
  server.close()
  await once(server, 'close')
  return { port: found }
}
