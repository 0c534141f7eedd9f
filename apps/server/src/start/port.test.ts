import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { findPort } from './port.ts'

const occupy = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

const find = (port: number) => findPort('127.0.0.1', port, `http://127.0.0.1:${port}`)

test('a free port is left free for the server', async () => {
  const first = await find(0)
  expect(first).toEqual({ port: expect.any(Number) })
  expect(await find((first as { port: number }).port)).toEqual(first)
})

test('a port that another program has is told in one line, with what to do', async () => {
  const port = await occupy(createServer(socket => socket.destroy()))
  expect(await find(port)).toEqual({
    problem: `port ${port} is taken by another program; choose another: PORT=${port + 1} npm start`,
  })
})

test('a farm that runs there already is called so', async () => {
  const port = await occupy(createHttpServer((_, response) => response.end('{"status":"ok"}')))
  expect(await find(port)).toEqual({
    problem: expect.stringMatching(/^a farm answers at http:\/\/127\.0\.0\.1:\d+ already/),
  })
})

test('an address that this machine has not is named', async () => {
  const found = await findPort('192.0.2.1', 0, 'http://192.0.2.1:0')
  expect(found).toEqual({ problem: 'this machine has no address 192.0.2.1 (HOST)' })
})
