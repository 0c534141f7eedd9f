import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { assetHeaders } from '../../http/security-headers.ts'

export interface Asset {
  path: string
  type: string
  body: string
}

// Beside this file, or seen from apps/server/dist, where the bundle lies.
const directory = ['./', '../src/routes/dashboard/']
  .map(path => new URL(path, import.meta.url))
  .find(url => existsSync(new URL('styles/style.css', url)))

/** A file whose address changes with its content: browsers may keep it for good. */
function asset(file: string, type: string): Asset {
  if (!directory) throw new Error('the dashboard finds no assets beside itself: apps/server/src is incomplete')
  const body = readFileSync(new URL(file, directory), 'utf8')
  const [, name, extension] = /([^/]+)\.(\w+)$/.exec(file) ?? []
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 10)
  return { path: `/assets/${name}-${hash}.${extension}`, type, body }
}

export const style = asset('styles/style.css', 'text/css; charset=utf-8')
export const client = asset('client/live.js', 'text/javascript; charset=utf-8')
/** Both a shared worker and, where a browser has none, a module of the page. */
export const connection = asset('client/connection.js', 'text/javascript; charset=utf-8')
export const icon = asset('client/icon.svg', 'image/svg+xml')

export function serveAssets(app: FastifyInstance): void {
  for (const { path, type, body } of [style, client, connection, icon]) {
    app.get(path, (_request, reply) =>
      reply.headers(assetHeaders).header('cache-control', 'public, max-age=31536000, immutable').type(type).send(body),
    )
  }
  app.get('/favicon.svg', (_request, reply) =>
    reply.header('cache-control', 'public, max-age=86400').type(icon.type).send(icon.body),
  )
  app.get('/favicon.ico', (_request, reply) => reply.redirect('/favicon.svg', 302))
  // Logs and old builds are thousands of pages that nobody searches for; the matrix is what a stranger may find.
  app.get('/robots.txt', (_request, reply) => reply.type('text/plain').send('User-agent: *\nAllow: /$\nDisallow: /\n'))
}
