// A Fastify server that only appends each body to a file. log.ts starts it, and compares the farm with it.
import { open } from 'node:fs/promises'
import Fastify from 'fastify'

const file = await open(process.argv[2] ?? '', 'a')
const app = Fastify()
app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: 1024 * 1024 }, (_request, body, done) => done(null, body))
app.post('/', async request => {
  await file.write(request.body as Buffer)
  return 'ok'
})
console.log(`listens ${await app.listen({ host: '127.0.0.1', port: 0 })}`)
