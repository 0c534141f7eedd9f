import type { TarMember } from '../git/tar-stream.ts'

/** Some programs write ./a instead of a. */
export function withoutDot(path: Buffer): Buffer {
  let at = 0
  while (path[at] === 0x2e && path[at + 1] === 0x2f) at += 2
  return path.subarray(at)
}

export async function* withoutLeadingDots(members: AsyncIterable<TarMember>): AsyncGenerator<TarMember> {
  for await (const member of members) {
    const path = withoutDot(member.path)
    if (path.length > 0) yield { ...member, path }
  }
}
