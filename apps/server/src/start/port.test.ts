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

test('after the check of a free port, the port is still free for the server', async () => {
  expect(await find(0)).toEqual({ port: expect.any(Number) })
  const port = 20_000 + Math.floor(Math.random() * 10_000) // below the range from which the system chooses
  expect(await find(port)).toEqual({ port })
  expect(await find(port)).toEqual({ port })
})

test('npm start reports that another program uses the port, and advises another port', async () => {
  const port = await occupy(createServer(socket => socket.destroy()))
  expect(await find(port)).toEqual({
    problem: `port ${port} is used by another program; choose another port: PORT=${port + 1} npm start`,
  })
})

test('npm start recognises a farm that already uses the port', async () => {
  const port = await occupy(createHttpServer((_, response) => response.end('{"status":"ok"}')))
  expect(await find(port)).toEqual({
    problem: expect.stringMatching(/^a farm already answers at http:\/\/127\.0\.0\.1:\d+;/),
  })
})

test('npm start reports an address that this machine does not have', async () => {
  const found = await findPort('192.0.2.1', 0, 'http://192.0.2.1:0')
  expect(found).toEqual({ problem: 'this machine has no address 192.0.2.1 (HOST)' })
})
