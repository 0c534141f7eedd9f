import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods that the farm accepts at the path of this address; empty if the farm has no such path. */
    methodsAt(url: string): string[]
    /** The paths that accept GET, with their parameters, such as `/jobs/:id`. */
    pathsToGet(): string[]
  }
}

/** Remembers the methods of each path, so that the answer to another method can name them. Call it before the routes. */
export function rememberMethods(app: FastifyInstance): void {
  const routes: { url: string; path: RegExp; methods: string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    const methods = [method].flat().filter(one => one !== 'OPTIONS')
    if (methods.length > 0) routes.push({ url, path: patternOf(url), methods })
  })
  app.decorate('methodsAt', url => {
    const [path = ''] = url.split('?')
    const found = routes.filter(route => route.path.test(path)).flatMap(({ methods }) => methods)
    return [...new Set(found)].sort()
  })
  app.decorate('pathsToGet', () => {
    const found = routes.filter(({ methods }) => methods.includes('GET')).map(({ url }) => url)
    return [...new Set(found)].sort()
  })
}

/** Matches like the router: `:name` is one part of the path, `*` is the rest, and a slash at the end does not count. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map(part => {
    if (part === '*') return '.+'
    return part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('/').replace(/\/$/, '')}/?$`)
}
