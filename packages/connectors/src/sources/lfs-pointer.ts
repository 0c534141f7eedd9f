// Pointer files of git LFS: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
export interface LfsPointer {
  /** The SHA-256 of the content, in hexadecimal digits. */
  oid: string
  size: number
}

/** A pointer file has fewer bytes than this. */
export const pointerBytesMax = 1024

const firstLine = /^version https:\/\/(git-lfs\.github\.com|hawser\.github\.com)\/spec\/v1$/m

/** Reads a pointer file. Undefined if the file is something else. */
export function readPointer(content: Buffer): LfsPointer | undefined {
  if (content.length >= pointerBytesMax || !content.subarray(0, 8).equals(Buffer.from('version '))) return undefined
  const text = content.toString('utf8')
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1]
  const size = /^size (\d{1,15})$/m.exec(text)?.[1]
  return firstLine.test(text) && oid && size ? { oid, size: Number(size) } : undefined
}
