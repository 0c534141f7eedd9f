import type { AttemptView, JobView } from '@rumpfarm/farm'
import { segment } from '../../components/escape.ts'
import { Gone } from '../../components/gone.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { byteCount } from '../../components/times.ts'

/** An attempt can have 2,100 files. */
const filesShown = 200

export function Artifacts({
  job,
  attempt: { number, artifacts, artifactNote, artifactsExpired },
}: {
  job: JobView
  attempt: AttemptView
}) {
  if (artifacts.length === 0 && artifactNote === null) return null
  return (
    <>
      <h2>Artifacts</h2>
      {artifactsExpired && artifacts.length > 0 && (
        <Gone what="The content of the artifacts" expired={artifactsExpired} />
      )}
      {artifacts.length > 0 && (
        <ArtifactTable
          artifacts={artifacts.slice(0, filesShown)}
          path={artifactsExpired ? undefined : `/api/v1/jobs/${job.id}/attempts/${number}/artifacts`}
        />
      )}
      {artifacts.length > filesShown && (
        <p>
          The table shows {filesShown} of {artifacts.length} files. The API{' '}
          <Link to={`/api/v1/jobs/${job.id}`}>lists all</Link>.
        </p>
      )}
      {artifactNote !== null && (
        <>
          <p>Not uploaded:</p>
          <ul class="notes">
            {artifactNote.split('\n').map(line => (
              <li>{line}</li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

/** Without `path`, the farm no longer has the files. */
const ArtifactTable = ({ artifacts, path }: { artifacts: AttemptView['artifacts']; path: string | undefined }) => (
  <ScrollFrame label="Artifacts">
    <table class="list">
      <caption class="hidden-text">Artifacts</caption>
      <thead>
        <tr>
          <th scope="col">File</th>
          <th scope="col">Size</th>
          <th scope="col" class="wide">
            SHA-256
          </th>
        </tr>
      </thead>
      <tbody>
        {artifacts.map(({ name, bytes, sha256 }) => (
          <tr>
            <th scope="row">
              {path === undefined ? (
                name
              ) : (
                <Link to={`${path}/${name.split('/').map(segment).join('/')}`} download>
                  {name}
                </Link>
              )}
            </th>
            <td>{byteCount(bytes)}</td>
            <td class="wide">
              <code>{sha256}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollFrame>
)
