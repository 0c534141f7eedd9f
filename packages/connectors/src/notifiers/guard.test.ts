import type { lookup as systemLookup } from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { connectSocket, isPublicAddress, makeGuard, PrivateAddressError } from './guard.ts'

test.each([
  ['8.8.8.8', true],
  ['2606:4700::1111', true],
  ['0.0.0.0', false],
  ['10.1.2.3', false],
  ['100.64.0.1', false],
  ['127.0.0.1', false],
  ['127.255.0.9', false],
  ['169.254.169.254', false],
  ['172.16.0.1', false],
  ['172.32.0.1', true],
  ['192.168.1.1', false],
  ['192.0.2.1', false],
  ['198.18.0.1', false],
  ['224.0.0.1', false],
  ['240.0.0.1', false],
  ['255.255.255.255', false],
  ['::', false],
  ['::1', false],
  ['::127.0.0.1', false],
  ['::ffff:127.0.0.1', false],
  ['::ffff:a00:1', false],
  ['::ffff:8.8.8.8', true],
  ['::ffff:0:127.0.0.1', false],
  ['64:ff9b::7f00:1', false],
  ['64:ff9b::8.8.8.8', true],
  ['64:ff9b:1::8.8.8.8', false],
  ['2002:7f00:1::', false],
  ['2001:0:7f00:1::', false],
  ['2001:db8::1', false],
  ['fc00::1', false],
  ['fd12::1', false],
  ['fe80::1', false],
  ['fe80::1%lo', false],
  ['fec0::1', false],
  ['ff02::1', false],
  ['localhost', false],
])('%s is public: %s', (address, expected) => expect(isPublicAddress(address)).toBe(expected))

/** A name server whose answers are `addresses`, one for each question. */
function rebinding(...addresses: string[]) {
  const asked: string[] = []
  const resolve = (host: string, _options: object, callback: (error: null, found: object[]) => void) => {
    asked.push(host)
    const address = addresses[Math.min(asked.length, addresses.length) - 1] ?? ''
    callback(null, [{ address, family: address.includes(':') ? 6 : 4 }])
  }
  return { asked, resolve: resolve as typeof systemLookup }
}

async function outcomeOf(host: string, resolve: typeof systemLookup, allowPrivate: boolean) {
  let connections = 0
  const server = createServer(socket => {
    connections += 1
    socket.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const socket = connectSocket(makeGuard({ allowPrivate, resolve }), { host, port, tls: false })
    await once(socket, 'connect')
    socket.destroy()
    return 'connected'
  } catch (error) {
    expect(connections).toBe(0)
    return error instanceof PrivateAddressError ? 'private' : (error as Error).message
  } finally {
    server.close()
  }
}

test.each(['127.0.0.1', '::ffff:127.0.0.1', '[::1]', '::1', 'inside.example'])(
  'the farm does not connect to %s',
  async host => {
    const { resolve } = rebinding('127.0.0.1')
    expect(await outcomeOf(host, resolve, false)).toBe('private')
  },
)

test('the farm connects to private addresses if the operator allows it', async () => {
  const { resolve } = rebinding('127.0.0.1')
  expect(await outcomeOf('127.0.0.1', resolve, true)).toBe('connected')
  expect(await outcomeOf('inside.example', resolve, true)).toBe('connected')
})

test('the farm checks the address of the connection itself, so a name that changes its address is no way in', async () => {
  const { resolve, asked } = rebinding('8.8.8.8', '127.0.0.1')
  resolve('rebind.example', { all: true }, () => {}) // an earlier check sees a public address
  expect(await outcomeOf('rebind.example', resolve, false)).toBe('private')
  expect(asked).toHaveLength(2)
})

test('of several addresses of a name, the farm uses only the public ones', () => {
  const both = [
    { address: '10.0.0.1', family: 4 },
    { address: '8.8.4.4', family: 4 },
  ]
  const resolve = ((_host: string, _options: object, callback: (error: null, found: object[]) => void) =>
    callback(null, both)) as typeof systemLookup
  const { lookup } = makeGuard({ allowPrivate: false, resolve })
  lookup('both.example', { all: true }, (error, found) => expect([error, found]).toEqual([null, [both[1]]]))
  lookup('both.example', {}, (error, found, family) => expect([error, found, family]).toEqual([null, '8.8.4.4', 4]))
})
