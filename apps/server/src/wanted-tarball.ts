import type { WantedTarball } from '@rumpfarm/connectors'
import type { PreparedSource } from '@rumpfarm/farm'

export type SourceToPrepare = Omit<PreparedSource, 'bytes' | 'crc' | 'sha256' | 'md5'>

/** The tarball of a source. The server makes it before the build, and again if it is no longer in the cache. */
export function wantedTarball({ name: _, path, ...source }: SourceToPrepare): WantedTarball {
  const { repository, commit, leaveOut, submodules, lfs, module, tarball } = source
  return { repository, commit, leaveOut, submodules, lfs, module, tarball, ...(path === null ? {} : { path }) }
}
