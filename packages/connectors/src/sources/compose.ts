// Packs a commit together with its submodules and its files from git LFS.
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { type TarballContent, tarOf } from '../git/archive.ts'
import type { Git } from '../git/git.ts'
import type { Mirror } from '../git/mirror.ts'
import type { Problem } from '../git/remote.ts'
import { tarKinds } from '../git/tar-header.ts'
import { readTar, TarError, type TarMember } from '../git/tar-stream.ts'
import { prepareLfs } from './lfs.ts'
import { type LfsPointer, pointerBytesMax } from './lfs-pointer.ts'
import { objectFile } from './lfs-server.ts'
import { checked, isLeftOut } from './members.ts'
import { submoduleAddress } from './submodule-address.ts'
import { listGitlinks, readSubmoduleAddresses } from './submodules.ts'

/** The access to the mirrors of the farm. */
export interface MirrorAccess {
  open: (repository: string) => Promise<Mirror | Problem>
  /** Makes sure that the mirror has the commit. */
  fetch: (mirror: Mirror, commit: string) => Promise<Problem | undefined>
}

export interface Composition extends TarballContent {
  submodules: boolean
  lfs: boolean
}

interface Part {
  mirror: Mirror
  content: TarballContent
  /** The directory of the part in the tarball, with a slash at its end; empty for the project itself. */
  prefix: string
  /** How many submodules contain this one. */
  depth: number
}

const depthMax = 10
const partsMax = 500

export class Composer {
  readonly #git: Git
  readonly #access: MirrorAccess
  readonly #lfsDirectory: string

  /** `directory` is for the objects of git LFS. */
  constructor(git: Git, access: MirrorAccess, directory: string) {
    this.#git = git
    this.#access = access
    this.#lfsDirectory = directory
  }

  /** All members of the tarball. Fetches what is missing before the first member. Throws TarError for people. */
  async members(mirror: Mirror, wanted: Composition): Promise<AsyncGenerator<TarMember>> {
    const { submodules, lfs, ...content } = wanted
    const first: Part = { mirror, content, prefix: '', depth: 0 }
    const parts = submodules ? [first, ...(await this.#submodulesOf(first, wanted.leaveOut, { parts: 1 }))] : [first]
    const files = lfs ? await Promise.all(parts.map(part => this.#lfsOf(part, wanted.leaveOut))) : []
    return checked(this.#all(parts, files), wanted.leaveOut)
  }

  async *#all(parts: readonly Part[], files: readonly ReadonlyMap<string, LfsPointer>[]): AsyncGenerator<TarMember> {
    for (const [index, { mirror, content, prefix }] of parts.entries()) {
      const pointers = files[index]
      for await (const member of readTar(tarOf(this.#git, mirror, content))) {
        const path = prefix === '' ? member.path : Buffer.concat([Buffer.from(prefix), member.path])
        const pointer = pointers?.get(member.path.toString('latin1'))
        yield pointer ? await this.#replaced({ ...member, path }, pointer) : { ...member, path }
      }
    }
  }

  async #replaced(member: TarMember, pointer: LfsPointer): Promise<TarMember> {
    if (member.kind !== tarKinds.file || member.size >= pointerBytesMax) return member
    const file = objectFile(this.#lfsDirectory, pointer)
    const content = async function* () {
      for await (const piece of createReadStream(file, { highWaterMark: 262_144 })) yield piece as Buffer
    }
    return { ...member, size: pointer.size, content }
  }

  #lfsOf({ mirror, content, prefix }: Part, leaveOut: readonly string[]) {
    const isWanted = (path: Buffer) => !isLeftOut(Buffer.concat([Buffer.from(prefix), path]), leaveOut)
    return prepareLfs(this.#git, mirror, content, { directory: this.#lfsDirectory, isWanted })
  }

  async #submodulesOf(part: Part, leaveOut: readonly string[], count: { parts: number }): Promise<Part[]> {
    const links = (await listGitlinks(this.#git, part.mirror, part.content)).filter(
      ({ path }) => !isLeftOut(Buffer.from(part.prefix + path), leaveOut),
    )
    if (links.length === 0) return []
    if (part.depth === depthMax)
      throw new TarError(
        `the submodules below ${part.prefix.slice(0, -1)} are nested more than ${depthMax} deep: add it to leave-out in farm.yaml`,
      )
    const addresses = await readSubmoduleAddresses(this.#git, part.mirror, part.content.commit)
    const parts: Part[] = []
    for (const { path, fullPath, commit } of links) {
      const place = part.prefix + path
      count.parts += 1
      if (count.parts > partsMax)
        throw new TarError(`there are more than ${partsMax} submodules: add some of them to leave-out in farm.yaml`)
      const own = await this.#open(part, { place, commit, written: addresses.get(fullPath) })
      parts.push(own, ...(await this.#submodulesOf(own, leaveOut, count)))
    }
    return parts
  }

  async #open(
    parent: Part,
    { place, commit, written }: { place: string; commit: string; written: string | undefined },
  ): Promise<Part> {
    if (written === undefined)
      throw new TarError(
        `.gitmodules has no address for the submodule ${place}: add the submodule to leave-out in farm.yaml`,
      )
    const resolved = submoduleAddress(parent.mirror.repository, written)
    if (resolved.kind === 'refused')
      throw new TarError(`the submodule ${place}: ${resolved.why}: add the submodule to leave-out in farm.yaml`)
    const mirror = await this.#access.open(resolved.address)
    if ('problem' in mirror) throw new TarError(`the submodule ${place}: ${mirror.problem}`)
    const problem = await this.#access.fetch(mirror, commit)
    if (problem) throw new TarError(`the submodule ${place}: ${problem.problem}`)
    return { mirror, content: { commit, leaveOut: [] }, prefix: join(place, '/'), depth: parent.depth + 1 }
  }
}

/** Whether the farm must compose the tarball itself. */
export const needsComposition = ({
  submodules,
  lfs,
}: {
  submodules?: boolean | undefined
  lfs?: boolean | undefined
}): boolean => submodules === true || lfs === true
