// The file of a backup: a tar file whose members each fit into memory. So every tar program can list and unpack it.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { extract, pack } from 'tar-stream'

export interface ArchiveWriter {
  /** Waits until the member is written. */
  add(name: string, content: Uint8Array): Promise<void>
  /** Adds the last member, which has the checksums of all others, and waits until `target` has everything. */
  finish(): Promise<void>
}

export const checksumsName = 'sha256sums.txt'

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

export function writeArchive(target: Writable): ArchiveWriter {
  const packing = pack()
  packing.pipe(target)
  const ended = finished(target)
  ended.catch(() => {}) // `add` and `finish` report the error
  const sums: string[] = []
  const addMember = (name: string, content: Uint8Array) =>
    Promise.race([
      new Promise<void>((resolve, reject) => {
        const header = { name, mode: 0o600, size: content.length }
        packing.entry(header, Buffer.from(content.buffer, content.byteOffset, content.length), error =>
          error ? reject(error) : resolve(),
        )
      }),
      ended, // rejects if the disk is full or the reader of a pipe has left
    ])
  return {
    async add(name, content) {
      await addMember(name, content)
      if (target.writableNeedDrain) await Promise.race([once(target, 'drain'), ended])
      sums.push(`${sha256(content)}  ${name}\n`)
    },
    async finish() {
      await addMember(checksumsName, Buffer.from(sums.join('')))
      packing.finalize()
      await ended
    },
  }
}

export interface Member {
  name: string
  content: Buffer
}

/** The members of a backup in their order. The last one has the checksums. */
export async function* readArchive(file: string): AsyncIterable<Member> {
  const extracting = extract()
  const source = createReadStream(file)
  source.on('error', error => extracting.destroy(error))
  source.pipe(extracting)
  for await (const entry of extracting) {
    const pieces: Buffer[] = []
    for await (const piece of entry) pieces.push(piece as Buffer)
    yield { name: entry.header.name, content: Buffer.concat(pieces) }
  }
}
