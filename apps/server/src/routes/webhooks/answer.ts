import {
  type ForgeEvent,
  type ForgeKind,
  read as readDelivery,
  recognise as recogniseForge,
  verify as verifyDelivery,
} from '@rumpfarm/connectors'
import { hideSecrets, type ProjectConfig } from '@rumpfarm/contracts'
import type { NewDelivery, StoredDelivery } from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { farmTime } from '../../farm-time.ts'
import { projectsOfFarm, unknownProject } from '../../http/problems/outcomes.ts'
import { type ProblemKind, problem } from '../../http/problems.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { mayTouch } from '../../trigger/handle-delivery.ts'
import { hiddenSecrets, scopeOf, secretPlace, secretsFor, type WebhookSecret } from '../../trigger/webhook-secrets.ts'
import { decideEvent, type EventDecision } from './decide.ts'
import { eventWords } from './event-words.ts'
import { keptBody, keptHeaders } from './kept-request.ts'
import { bodyOf } from './raw.ts'

/** If there are more secrets, the farm tries only those of the projects that the body names. */
const secretsTriedMax = 8

interface Arrived {
  services: Services
  request: FastifyRequest
  reply: FastifyReply
  kind: ForgeKind
  body: Buffer
  projects: Map<string, ProjectConfig>
}

type Done = NonNullable<NewDelivery['done']>

/**
 * Answers a webhook. The farm verifies the delivery and stores it. The answer needs no git, so it takes milliseconds;
 * the rest is background work. `mayStoreRefusal` limits how many refused deliveries the farm stores.
 */
export async function answerWebhook(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  { expected, mayStoreRefusal }: { expected: ForgeKind | undefined; mayStoreRefusal: () => boolean },
): Promise<FastifyReply> {
  const kind = expected ?? recogniseForge(request.headers)
  if (kind === undefined) return problem(reply, 'bad-signature', unknownSender)
  const projects = await services.farm.projects.configs()
  const arrived = { services, request, reply, kind, body: bodyOf(request), projects }
  const refuse = async (problemKind: ProblemKind, why: string) => {
    if (mayStoreRefusal()) await storeRefused(arrived, why)
    return problem(reply, problemKind, why)
  }
  const signed = verify(arrived)
  if ('problem' in signed) return refuse('bad-signature', signed.problem)
  const event = readDelivery(kind, request.headers, arrived.body)
  if (event.kind === 'malformed') return refuse('malformed', `${event.where}: ${event.problem}`)
  const scope = scopeOf(signed)
  const complete = withProject(event, scope)
  return complete ? answerEvent(arrived, complete, scope) : refuse('malformed', 'body: it lacks project')
}

/** A request that a project's own secret signed need not name the project. */
function withProject(event: ForgeEvent, scope: string): ForgeEvent | undefined {
  if (event.kind !== 'trigger' || event.project !== undefined) return event
  const [project, ...others] = scope.split(',').filter(name => name !== '' && name !== '*')
  return project === undefined || others.length > 0 ? undefined : { ...event, project }
}

const unknownSender =
  'no header of a known forge came, such as X-GitHub-Event, X-Gitlab-Event or webhook-id: see docs/webhooks.md'

function verify(arrived: Arrived): WebhookSecret | { problem: string } {
  const { services, request, kind, body, projects } = arrived
  const all = secretsFor(kind, services.config, projects.values())
  const tried = all.length > secretsTriedMax ? likely(all, arrived) : all
  const secrets = tried.map(({ value }) => value)
  const verified = verifyDelivery(kind, { headers: request.headers, body, secrets, now: new Date(farmTime()) })
  if (verified.kind === 'valid') return tried[verified.secret] as WebhookSecret
  const own = all.some(({ farmWide }) => !farmWide) ? ', or a project has its own (webhook-secrets in farm.yaml)' : ''
  return { problem: `${verified.problem}; ${secretPlace(kind)}${own}` }
}

/** The farm's own secrets, and those of the projects that the body names. Nothing else reads an unverified body. */
function likely(all: WebhookSecret[], { request, kind, body, projects }: Arrived): WebhookSecret[] {
  const event = readDelivery(kind, request.headers, body)
  const isNamed = 'repositoryUrls' in event && event.kind !== 'ping' && event.kind !== 'other'
  const named = isNamed ? decideEvent(event, projects, () => true).concerned : []
  return all.filter(secret => secret.farmWide || secret.projects.some(name => named.includes(name)))
}

async function answerEvent(arrived: Arrived, event: ForgeEvent, scope: string): Promise<FastifyReply> {
  const { services, reply, projects, kind } = arrived
  if (event.kind === 'ping') {
    const stored = await store(arrived, event, scope, [], { outcome: 'pong', reason: null })
    return reply.send({ status: 'pong', delivery: linkTo(arrived, stored) })
  }
  if (event.kind === 'other') return answerIgnored(arrived, event, scope, { why: event.why })
  const decision = decideEvent(event, projects, mayTouch(scope))
  if (decision.concerned.length === 0) return answerNobody(arrived, event, scope, decision)
  if (!decision.needsWork) return answerIgnored(arrived, event, scope, decision)
  const stored = await store(arrived, event, scope, decision.concerned)
  const { deliveryId } = event
  services.deliveryWork.start({ ...stored, sender: kind, scope, deliveryId, content: event, results: [] })
  const ignored = decision.ignored.map(({ project, why }) => ({ project, why }))
  return reply.code(202).send({ status: 'accepted', delivery: linkTo(arrived, stored), ignored })
}

async function answerIgnored(
  arrived: Arrived,
  event: ForgeEvent,
  scope: string,
  { concerned = [], ignored = [], why = reasonOf(ignored) }: Partial<EventDecision> & { why?: string },
): Promise<FastifyReply> {
  const stored = await store(arrived, event, scope, concerned, { outcome: 'ignored', reason: why, results: ignored })
  return arrived.reply.send({ status: 'ignored', why, delivery: linkTo(arrived, stored) })
}

const reasonOf = (ignored: EventDecision['ignored']): string => [...new Set(ignored.map(({ why }) => why))].join('; ')

/** The delivery is valid, but concerns no project, or only projects with other secrets. */
async function answerNobody(
  arrived: Arrived,
  event: ForgeEvent,
  scope: string,
  { refused }: EventDecision,
): Promise<FastifyReply> {
  const { kind, detail } = whyNobody(event, refused, [...arrived.projects.values()])
  await store(
    arrived,
    event,
    scope,
    refused.map(({ name }) => name),
    { outcome: 'ignored', reason: detail },
  )
  return problem(arrived.reply, kind, detail, { known: [...arrived.projects.keys()] })
}

function whyNobody(
  event: ForgeEvent,
  refused: readonly ProjectConfig[],
  projects: readonly ProjectConfig[],
): { kind: ProblemKind; detail: string } {
  if (refused.length > 0) return { kind: 'bad-signature', detail: refused.map(otherSecret).join('; ') }
  if (event.kind === 'trigger')
    return unknownProject(
      event.project ?? '',
      projects.map(({ name }) => name),
    )
  const known = projectsOfFarm(projects.map(({ name, repository }) => `${name} (${hideSecrets(repository)})`))
  const repository = hideSecrets(event.repositoryUrls[0] ?? '')
  return { kind: 'unknown-repository', detail: `no project has the repository ${repository}; ${known}` }
}

const otherSecret = ({ name, webhookSecrets }: ProjectConfig): string =>
  webhookSecrets === undefined
    ? `${name} has no secret of its own: sign its deliveries with the farm's secret`
    : `${name} accepts only deliveries that are signed with its own secret, the value of ${webhookSecrets
        .map(variable => `$${variable}`)
        .join(' or ')}`

const linkTo = ({ services, request }: Arrived, { id }: StoredDelivery) => ({
  id,
  url: `${publicUrlOf(services.config, request)}/deliveries/${id}`,
})

function store(
  arrived: Arrived,
  event: ForgeEvent,
  scope: string,
  projects: readonly string[],
  done?: Done,
): Promise<StoredDelivery> {
  const { deliveryId } = event
  const content = event.kind === 'ping' ? undefined : event
  return arrived.services.farm.deliveries.store({
    ...requestOf(arrived),
    ...{ scope, deliveryId, event: eventWords(event), content, projects, done },
  })
}

/** The body of a refused delivery can be anything, so the farm does not store it. */
const storeRefused = (arrived: Arrived, reason: string): Promise<StoredDelivery> =>
  arrived.services.farm.deliveries.store({
    ...requestOf(arrived),
    ...{ body: '', scope: '', deliveryId: null, event: 'not read', content: undefined, projects: [] },
    done: { outcome: 'refused', reason },
  })

function requestOf({ services, request, kind, body }: Arrived) {
  const secrets = hiddenSecrets(services.config)
  return {
    sender: kind,
    headers: keptHeaders(request.headers, secrets),
    body: keptBody(request.headers['content-type'] ?? '', body, secrets),
    bodyBytes: body.length,
  }
}
