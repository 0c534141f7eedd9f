import { completion } from '../completion/completion.ts'
import type { Node } from '../parsing/command.ts'
import { acknowledge } from './acknowledge.ts'
import { admin } from './admin.ts'
import { artifact } from './artifact.ts'
import { bisect } from './bisect.ts'
import { build } from './build.ts'
import { builds } from './builds.ts'
import { cancel } from './cancel.ts'
import { checkConfig } from './check-config.ts'
import { compare } from './compare.ts'
import { deliveries, replay } from './deliveries.ts'
import { exportList } from './export.ts'
import { failures } from './failures.ts'
import { host, hosts } from './hosts.ts'
import { job } from './job.ts'
import { log } from './log.ts'
import { matrix } from './matrix.ts'
import { projects } from './projects.ts'
import { approve, pullRequests } from './pull-requests.ts'
import { queue } from './queue.ts'
import { retention } from './retention.ts'
import { retry } from './retry.ts'
import { schema } from './schema.ts'
import { status } from './status.ts'
import { token } from './token.ts'
import { trigger } from './trigger.ts'
import { tryTree } from './try.ts'
import { watch } from './watch.ts'

/** All commands, in the order of the help. */
export const commands: Record<string, Node> = {
  ...{ status, matrix, failures, projects, builds, build, job, queue },
  ...{ trigger, try: tryTree, watch, log, compare, retry, cancel },
  ...{ 'pull-requests': pullRequests, approve },
  ...{ deliveries, replay },
  ...{ acknowledge, bisect },
  ...{ hosts, host, artifact, export: exportList, retention, token, admin },
  'check-config': checkConfig,
  schema,
  completion: completion(() => commands),
}
