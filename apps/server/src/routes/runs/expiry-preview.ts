import type { api, ProjectKeep } from '@rumpfarm/contracts'
import { type Farm, readKeep } from '@rumpfarm/farm'

/** What would expire now, with the project's own `keep` or the one in `query`. */
export async function previewOf(
  { retention }: Pick<Farm, 'retention'>,
  project: string,
  { after = 0, ...written }: api.RetentionQuery,
): Promise<api.ExpiryPreview> {
  const own = (await retention.projects()).find(one => one.project === project)
  const asked = Object.keys(written).length > 0
  const keep: ProjectKeep | undefined = asked ? readKeep(written) : own?.keep
  const waitsUntil = own && !asked ? await retention.waitsUntil(own) : null
  if (!keep) return { project, keep: null, waitsUntil, ...nothing }
  return { project, keep, waitsUntil, ...(await retention.preview({ project, keep, after })) }
}

const nothing = { logs: 0, logBytes: 0, artifacts: 0, artifactBytes: 0, builds: 0, jobs: 0, looked: 0, next: null }
