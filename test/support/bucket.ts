import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BucketPlace, type Credentials, readStorageUrl } from '../../packages/storage/src/index.ts'

interface S3Server {
  run(): Promise<{ port: number }>
  close(): Promise<void>
}

// The package has no types.
const S3rver: new (options: object) => S3Server = createRequire(import.meta.url)('s3rver')

export interface TestBucket {
  /** The value of STORAGE_URL. */
  url: string
  place: BucketPlace
  credentials: Credentials
  /** The variables of a server that uses the bucket. */
  environment: Record<string, string>
  /** The directory in which s3rver keeps the objects. */
  directory: string
  /** Breaks all connections, and accepts no others. */
  goAway(): void
  comeBack(): void
  close(): Promise<void>
}

/** An S3-compatible storage (s3rver) with one bucket, behind a proxy that can break. `address` is its network address. */
export async function startBucket(name = 'farm-files', address = '127.0.0.1'): Promise<TestBucket> {
  const directory = mkdtempSync(join(tmpdir(), 's3-'))
  const storage = new S3rver({
    ...{ port: 0, address: '127.0.0.1', silent: true, directory },
    configureBuckets: [{ name, configs: [] }],
  })
  const { port } = await storage.run()
  const proxy = await openBreakableProxy(port, address)
  const url = `s3://${name}/farm?endpoint=http://${address}:${proxy.port}&region=us-east-1`
  const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
  return {
    ...{ url, credentials, directory, goAway: proxy.goAway, comeBack: proxy.comeBack },
    place: readStorageUrl(url),
    environment: {
      STORAGE_URL: url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    async close() {
      await proxy.close()
      await storage.close()
      rmSync(directory, { recursive: true })
    },
  }
}

/** A TCP proxy to a port of this machine that can break all connections, and accept no others for a while. */
export async function openBreakableProxy(target: number, address = '127.0.0.1') {
  const sockets = new Set<Socket>()
  let away = false
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  }
  const server = createServer(client => {
    if (away) return void client.destroy()
    const storage = connect(target, '127.0.0.1')
    for (const socket of [client, storage]) keep(socket)
    client.pipe(storage).pipe(client)
  })
  await new Promise<void>(resolve => server.listen(0, address, resolve))
  const breakAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    goAway() {
      away = true
      breakAll()
    },
    comeBack() {
      away = false
    },
    close: () =>
      new Promise<void>(resolve => {
        breakAll()
        server.close(() => resolve())
      }),
  }
}
