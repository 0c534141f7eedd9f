import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { assetHeaders } from '../../http/security-headers.ts'

export interface Asset {
  path: string
  type: string
  body: string
}

// The assets are next to this file in the source tree. The bundle in apps/server/dist uses them there.
const directory = ['./', '../src/routes/dashboard/']
  .map(path => new URL(path, import.meta.url))
  .find(url => existsSync(new URL('styles/', url)))

function readAsset(file: string): string {
  if (!directory) throw new Error('the files of the dashboard are missing: apps/server/src is incomplete')
  return readFileSync(new URL(file, directory), 'utf8')
}

/** The address of an asset changes with its content, so browsers can keep the asset permanently. */
function asset(name: string, extension: string, type: string, body: string): Asset {
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 10)
  return { path: `/assets/${name}-${hash}.${extension}`, type, body }
}

/** The order matters: a rule in a later file replaces an equally specific rule in an earlier file. */
const stylesheets = ['tokens', 'base', 'status', 'tables', 'tests', 'log', 'forms', 'narrow', 'print']

const sheet = (name: string, files: readonly string[]) =>
  asset(name, 'css', 'text/css; charset=utf-8', files.map(file => readAsset(`styles/${file}.css`)).join(''))
export const style = sheet('style', stylesheets)
/** The colours of both modes, for pictures: a picture cannot load a style sheet. */
export const colorTokens = readAsset('styles/tokens.css')
/** Only pages with a matrix load this style sheet. */
export const gridStyle = sheet('grid', ['matrix-page', 'matrix', 'grid', 'grid-narrow', 'box'])
/** The pages of a cell, of a build and of commits load this style sheet. */
export const historyStyle = sheet('history', ['cell', 'commits'])
/** Leaves out the lines that are only a comment, because a browser on a slow line must load each byte. */
const codeOf = (file: string): string =>
  readAsset(`client/${file}.js`).replace(/^[ \t]*(\/\/.*|\/\*\*[\s\S]*?\*\/)\n/gm, '')
const script = (name: string, ...files: string[]) =>
  asset(name, 'js', 'text/javascript; charset=utf-8', files.map(codeOf).join(''))
/** The script of every page. */
export const client = script('live', 'times', 'press', 'live')
/** The script of the shared worker. In a browser without shared workers, it is a module of the page. */
export const connection = script('connection', 'connection')
/** The panel and the keys of a grid. */
export const gridClient = script('grid', 'grid')
export const icon = asset('icon', 'svg', 'image/svg+xml', readAsset('client/icon.svg'))

export function serveAssets(app: FastifyInstance): void {
  for (const { path, type, body } of [style, gridStyle, historyStyle, client, gridClient, connection, icon]) {
    app.get(path, (_request, reply) =>
      reply.headers(assetHeaders).header('cache-control', 'public, max-age=31536000, immutable').type(type).send(body),
    )
  }
  app.get('/favicon.svg', (_request, reply) =>
    reply.header('cache-control', 'public, max-age=86400').type(icon.type).send(icon.body),
  )
  app.get('/favicon.ico', (_request, reply) => reply.redirect('/favicon.svg', 302))
  // Search engines may read only the matrix, because logs and old builds are thousands of pages.
  app.get('/robots.txt', (_request, reply) => reply.type('text/plain').send('User-agent: *\nAllow: /$\nDisallow: /\n'))
}
