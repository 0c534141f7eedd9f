import type { FastifyInstance } from 'fastify'

// Every header that protects browsers is in this file. A test checks that no other file of the server sets such a
// header.

/**
 * With these headers, a browser does not run an answer, does not show it in a frame, and does not give it to a page of
 * another site.
 */
export const defaultHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Headers of pages: scripts and styles come only from the farm's own files. */
export const pageHeaders = {
  ...defaultHeaders,
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-opener-policy': 'same-origin',
}

/** Headers of a page whose address is a secret. */
export const secretPageHeaders = { ...pageHeaders, 'referrer-policy': 'no-referrer' }

/** Headers of scripts and styles. A script needs a policy, because a shared worker does not use its page's policy. */
export const assetHeaders = { ...defaultHeaders, 'content-security-policy': "default-src 'none'; connect-src 'self'" }

/** Headers of logs and artifacts, which can contain anything. */
export const untrustedHeaders = { ...defaultHeaders, 'content-security-policy': "default-src 'none'; sandbox" }

/** Headers of answers that pages of other sites may read. They never allow cookies or tokens. */
export const crossOriginHeaders = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Accept-Ranges, Content-Range, ETag, Link, Retry-After',
  'cross-origin-resource-policy': 'cross-origin',
}

/** The headers of requests that need a question first, and how long a browser remembers the answer: a day. */
export const preflightHeaders = {
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'If-None-Match, If-Range, Last-Event-ID, Range',
  'access-control-max-age': '86400',
}

/** Headers of a picture. `styleHash` is the hash of its only style element. */
export const pictureHeaders = (styleHash?: string) => ({
  'content-security-policy': `default-src 'none'; ${styleHash === undefined ? '' : `style-src '${styleHash}'; `}frame-ancestors 'none'`,
})

/** Headers of a page that these sites may show in a frame. Without any site, no site may, not even the farm. */
export const embedHeaders = (origins: readonly string[]) => ({
  'content-security-policy': `default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors ${origins.length > 0 ? origins.join(' ') : "'none'"}`,
})

/** Sets the default headers, except for agents, because some agents read the headers line by line in a shell. */
export function protectBrowsers(app: FastifyInstance): void {
  app.addHook('onRequest', ({ url }, reply, done) => {
    if (!url.startsWith('/agent/v1/')) reply.headers(defaultHeaders)
    done()
  })
}
