import { gzipSync } from 'node:zlib'

const octal = (n: number, width: number) => `${n.toString(8).padStart(width - 1, '0')}\0`

const header = (name: string, size: number, seconds: number): Buffer => {
  const block = Buffer.alloc(512)
  const put = (text: string, at: number) => block.write(text, at, 'latin1')
  put(name, 0)
  put(octal(0o644, 8), 100)
  put(octal(0, 8), 108)
  put(octal(0, 8), 116)
  put(octal(size, 12), 124)
  put(octal(seconds, 12), 136)
  put('        ', 148)
  put('0', 156)
  put('ustar\u000000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** A tar.gz of these files, like those of the farm: paths are relative to the source directory, all times are equal. */
export const tarball = (files: Record<string, string | Buffer>, seconds = 1_700_000_000): Buffer => {
  const blocks: Buffer[] = []
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content)
    blocks.push(header(name, bytes.length, seconds), bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512))
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}
