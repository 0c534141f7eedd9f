import type { BuildView } from '@rumpfarm/farm'
import { CommitName, RepositoryName } from './commit-link.tsx'
import { ScrollFrame } from './scroll-frame.tsx'
import { byteCount } from './times.ts'

export const SourceTable = ({ sources }: { sources: BuildView['preparedSources'] }) => (
  <ScrollFrame label="Sources">
    <table class="list">
      <caption class="hidden-text">The source archives that a job unpacks</caption>
      <thead>
        <tr>
          <th scope="col">Directory</th>
          <th scope="col">Repository</th>
          <th scope="col">Commit</th>
          <th scope="col">Size</th>
          <th scope="col">SHA-256 of the tar.gz</th>
        </tr>
      </thead>
      <tbody>
        {sources.map(({ name, repository, path, commit, bytes, sha256 }) => (
          <tr>
            <th scope="row">{name}</th>
            <td>
              <RepositoryName repository={repository} />
              {path === null ? '' : ` (${path})`}
            </td>
            <td>
              <CommitName repository={repository} commit={commit} digits={64} />
            </td>
            <td>{byteCount(bytes)}</td>
            <td>
              <code>{sha256}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollFrame>
)
