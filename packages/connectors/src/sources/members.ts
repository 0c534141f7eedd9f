import { tarKinds } from '../git/tar-header.ts'
import { TarError, type TarMember } from '../git/tar-stream.ts'

export const membersMax = 1_000_000

/** The path of a member as text for people: bytes that are not UTF-8, and control characters, are escaped. */
export const shownPath = (path: Buffer): string =>
  JSON.stringify(path.toString(isUtf8Text(path) ? 'utf8' : 'latin1')).slice(1, -1)

const isUtf8Text = (path: Buffer) => Buffer.from(path.toString('utf8')).equals(path)

/** Why a tar program could write outside of its directory; undefined if the path is safe. */
export function pathProblem(path: Buffer): string | undefined {
  const parts = path.toString('latin1').replace(/\/$/, '').split('/')
  if (path.length === 0 || parts.some(part => part === '' || part === '..' || part === '.'))
    return `the path "${shownPath(path)}" is not a path inside of the directory`
  return undefined
}

/** Whether one of these paths is the path of the member, or a directory above it. */
export function isLeftOut(path: Buffer, leaveOut: readonly string[]): boolean {
  const text = path.toString('utf8').replace(/\/$/, '')
  return leaveOut.some(excluded => text === excluded || text.startsWith(`${excluded}/`))
}

/** Passes the members on, without those that the project leaves out, and checks the names. */
export async function* checked(
  members: AsyncIterable<TarMember>,
  leaveOut: readonly string[],
): AsyncGenerator<TarMember> {
  let count = 0
  for await (const member of members) {
    if (isLeftOut(member.path, leaveOut)) continue
    count += 1
    if (count > membersMax)
      throw new TarError(`it has more than ${membersMax} files: exclude paths with leave-out in farm.yaml`)
    const problem = pathProblem(member.path)
    if (problem) throw new TarError(`${problem}: add it to leave-out in farm.yaml`)
    if (!Object.values(tarKinds).some(kind => kind === member.kind))
      throw new TarError(`"${shownPath(member.path)}" is a device or a pipe: add it to leave-out in farm.yaml`)
    yield member
  }
}
