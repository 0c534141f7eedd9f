import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'

/**
 * Compiles the serializer of a route when the route answers for the first time. Fastify compiles all serializers at the
 * start, and checks every schema of the API for each route: this took 1 s of processor time with 50 routes and 60
 * schemas, and tests start hundreds of servers.
 */
export function lazySerializers(): ReturnType<typeof SerializerSelector> {
  const select = SerializerSelector()
  return (externalSchemas, options) => {
    const compile = select(externalSchemas, options)
    return route => {
      let serialize: ReturnType<typeof compile> | undefined
      return data => {
        serialize ??= compile(route)
        return serialize(data)
      }
    }
  }
}
