import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { S3Client } from '@aws-sdk/client-s3'
import type { BucketPlace } from '../storage-url.ts'
import { blocksOf } from './blocks-of.ts'
import { bucketError } from './bucket-error.ts'

/** The objects of a bucket, by their names without the prefix. */
export interface Bucket {
  /** Stores an object in one request. The storage compares the bytes with their MD5. */
  put(name: string, bytes: Uint8Array): Promise<void>
  /** Stores an object of any size: in one request, or in parts. The storage compares each part with its MD5. */
  upload(name: string, pieces: AsyncIterable<Uint8Array>): Promise<void>
  /** The bytes from `start` to `end`, without the byte at `end`. An error has the code ENOENT if the object is missing. */
  get(name: string, range?: { start: number; end: number }): Promise<AsyncIterable<Uint8Array>>
  /** At most `bytes` bytes from the end of an object, and the size of the object. An error is as that of `get`. */
  end(name: string, bytes: number): Promise<{ bytes: Buffer; size: number }>
  /** The number of bytes of an object; undefined if it does not exist. */
  size(name: string): Promise<number | undefined>
  /** Does nothing if the object does not exist. */
  remove(name: string): Promise<void>
  /** Resolves if the bucket answers and these credentials may list it. */
  ping(): Promise<void>
  close(): void
}

/** The keys of the storage. Without them, the SDK uses the role of the machine. */
export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

/** S3 allows parts from 5 MiB, and 10,000 parts of an object: 80 GB. */
const partBytes = 8 * 1024 * 1024
/** A host waits 20 s for an answer. */
const requestMs = 15_000
const attemptsMax = 3
const connectMs = 3_000
/** How long a connection may send nothing during an answer. */
const silentMs = 20_000
const connectionsMax = 64
/** No object has a name with this prefix, so the answer to a ping is short. s3rver fails if it must leave out an object. */
const pingPrefix = 'ping/'

/** Opens a bucket with Amazon's SDK. Does not connect yet. */
export async function openBucket(place: BucketPlace, credentials?: Credentials): Promise<Bucket> {
  // The SDK needs a third of a second to load, and a farm with a directory does not use it.
  const s3 = await import('@aws-sdk/client-s3')
  const { NodeHttpHandler } = await import('@smithy/node-http-handler')
  const client = new s3.S3Client({
    region: place.region,
    ...(place.endpoint !== undefined && { endpoint: place.endpoint }),
    forcePathStyle: true,
    ...(credentials && { credentials: identityOf(credentials) }),
    maxAttempts: attemptsMax,
    // Many storages do not know the checksums that newer SDKs add, so the farm sends the MD5 of each body itself.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: new NodeHttpHandler({
      connectionTimeout: connectMs,
      socketTimeout: silentMs,
      httpAgent: { maxSockets: connectionsMax, keepAlive: true },
      httpsAgent: { maxSockets: connectionsMax, keepAlive: true },
    }),
  })
  return bucketOf(s3, client, place)
}

const identityOf = ({ sessionToken, ...keys }: Credentials) =>
  sessionToken === undefined ? keys : { ...keys, sessionToken }

type Sdk = typeof import('@aws-sdk/client-s3')

function bucketOf(s3: Sdk, client: S3Client, place: BucketPlace): Bucket {
  const of = (name: string) => ({ Bucket: place.bucket, Key: place.prefix + name })
  const stored = {
    ContentType: 'application/octet-stream',
    ...(place.encryption && { ServerSideEncryption: place.encryption }),
    ...(place.kmsKey && { SSEKMSKeyId: place.kmsKey }),
  }
  /** Runs a request with its time limit. All errors become errors without credentials and addresses. */
  async function send<Answer>(verb: string, request: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    try {
      return await request(AbortSignal.timeout(requestMs))
    } catch (error) {
      throw bucketError(verb, error)
    }
  }
  const put: Bucket['put'] = async (name, bytes) =>
    void (await send('put', abortSignal =>
      client.send(new s3.PutObjectCommand({ ...of(name), ...stored, Body: bytes, ContentMD5: md5(bytes) }), {
        abortSignal,
      }),
    ))

  async function uploadParts(name: string, first: Uint8Array, rest: AsyncIterator<Uint8Array>): Promise<void> {
    const { UploadId } = await send('upload', abortSignal =>
      client.send(new s3.CreateMultipartUploadCommand({ ...of(name), ...stored }), { abortSignal }),
    )
    const upload = { ...of(name), UploadId }
    const parts: { ETag: string | undefined; PartNumber: number }[] = []
    try {
      for (let part: Uint8Array | undefined = first; part; part = (await rest.next()).value) {
        const [Body, PartNumber] = [part, parts.length + 1]
        const { ETag } = await send('upload', abortSignal =>
          client.send(new s3.UploadPartCommand({ ...upload, Body, PartNumber, ContentMD5: md5(Body) }), {
            abortSignal,
          }),
        )
        parts.push({ ETag, PartNumber })
      }
      await send('upload', abortSignal =>
        client.send(new s3.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }), {
          abortSignal,
        }),
      )
    } catch (error) {
      await client.send(new s3.AbortMultipartUploadCommand(upload)).catch(() => undefined)
      throw error
    }
  }

  return {
    put,
    async upload(name, pieces) {
      const blocks = blocksOf(pieces, partBytes)[Symbol.asyncIterator]()
      const first: Uint8Array = (await blocks.next()).value ?? new Uint8Array()
      if (first.length < partBytes) return put(name, first)
      await uploadParts(name, first, blocks)
    },
    async get(name, range) {
      const Range = range && `bytes=${range.start}-${range.end - 1}`
      const { Body } = await send('get', abortSignal =>
        client.send(new s3.GetObjectCommand({ ...of(name), ...(Range && { Range }) }), { abortSignal }),
      )
      return bytesOf(Body as Readable)
    },
    // Not every storage knows ranges that count from the end.
    async end(name, bytes) {
      const { ContentLength: size = 0 } = await send('head', abortSignal =>
        client.send(new s3.HeadObjectCommand(of(name)), { abortSignal }),
      )
      const Range = `bytes=${Math.max(0, size - bytes)}-${size - 1}`
      const { Body } = await send('get', abortSignal =>
        client.send(new s3.GetObjectCommand({ ...of(name), Range }), { abortSignal }),
      )
      return { bytes: await buffer(bytesOf(Body as Readable)), size }
    },
    async size(name) {
      try {
        const { ContentLength } = await send('head', abortSignal =>
          client.send(new s3.HeadObjectCommand(of(name)), { abortSignal }),
        )
        return ContentLength
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    remove: async name =>
      void (await send('delete', abortSignal => client.send(new s3.DeleteObjectCommand(of(name)), { abortSignal }))),
    ping: async () =>
      void (await send('list', abortSignal =>
        client.send(
          new s3.ListObjectsV2Command({ Bucket: place.bucket, Prefix: place.prefix + pingPrefix, MaxKeys: 1 }),
          { abortSignal },
        ),
      )),
    close: () => client.destroy(),
  }
}

/** The bytes of an answer. If the connection breaks in their middle, the bucket is away, as if it had not answered. */
async function* bytesOf(body: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const piece of body) yield piece as Buffer
  } catch (error) {
    throw bucketError('get', error)
  }
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('base64')
