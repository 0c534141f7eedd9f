import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Program } from '../support/program.ts'
import { eventually } from '../support/waiting.ts'
import { findProgram, type Kind } from './programs.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const docs = readFileSync(join(root, 'docs/scaling.md'), 'utf8')

/**
 * A load balancer uses a server again up to two seconds after the server is ready: see "Stop and update servers" in
 * docs/scaling.md.
 */
export const balancerRestMs = 2_500

/** The configuration of docs/scaling.md, with these servers and this port, so that a test shows that it works. */
function configuration(kind: Kind, servers: readonly string[], port: number, directory: string): string {
  const [text = ''] = docs.split(`\`\`\`${kind}\n`).slice(1)
  const [documented = ''] = text.split('```')
  let number = 0
  const own = documented
    .replace(/server-\d:8080/g, () => servers[number++] ?? '')
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('bind :80', `bind 127.0.0.1:${port}`)
  if (kind === 'haproxy') return own
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${join(directory, name)};`)
    .join('\n')
  return `daemon off; master_process off; pid ${join(directory, 'nginx.pid')}; error_log stderr;
events { worker_connections 1024; }
http { access_log off; ${temporary}\n${own}}\n`
}

/** Starts a load balancer in front of these servers (`ADDRESS:PORT`), and returns the program. */
export async function startBalancer(
  kind: Kind,
  { servers, port, directory }: { servers: readonly string[]; port: number; directory: string },
): Promise<Program> {
  const file = join(directory, `${kind}.conf`)
  writeFileSync(file, configuration(kind, servers, port, directory))
  const { program, libraries } = await findProgram(kind)
  const words = kind === 'nginx' ? ['-c', file, '-p', directory] : ['-db', '-f', file]
  const environment = { PATH: process.env.PATH ?? '', LD_LIBRARY_PATH: libraries }
  const started = new Program([program, ...words], environment, directory)
  await eventually(`${kind}: ${started.lines.join('; ')}`, () =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok || undefined,
      () => undefined,
    ),
  )
  return started
}
