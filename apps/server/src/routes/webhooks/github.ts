import { type ForgePush, readGithubDelivery, sameRepository } from '@rumpfarm/connectors'
import { hideSecrets, type ProjectConfig } from '@rumpfarm/contracts'
import type { RequestOutcome } from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { onlyBranches, projectsOfFarm, repeatedWithoutBuild } from '../../http/problems/outcomes.ts'
import { problem } from '../../http/problems.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { bodyOf } from './raw.ts'

/**
 * Answers a push webhook of GitHub or of a forge with the same format. The answer needs no git, so it takes
 * milliseconds.
 */
export async function answerGithub(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const delivery = readGithubDelivery(request.headers, bodyOf(request), [services.config.secrets.githubWebhook])
  switch (delivery.kind) {
    case 'bad-signature':
      return problem(reply, 'bad-signature', `${delivery.problem}; the secret is in data/secrets/github-webhook`)
    case 'malformed':
      return problem(reply, 'malformed', `${delivery.where}: ${delivery.problem}`)
    case 'ping':
      return reply.send({ status: 'pong' })
    case 'nothing-to-build':
      return reply.send({ status: 'ignored', why: delivery.why })
    case 'push':
      return receive(services, delivery, request, reply)
  }
}

async function receive(
  services: Services,
  push: ForgePush,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const all = await services.farm.projects.configs()
  const matching = [...all.values()].filter(project => isOf(project, push))
  if (matching.length === 0) {
    const detail = `no project has the repository ${hideSecrets(push.repositoryUrls[0] ?? '')}; ${projectsOfFarm([...all.values()].map(withRepository))}`
    return problem(reply, 'unknown-repository', detail, { known: [...all.keys()] })
  }
  const outcomes = await Promise.all(
    matching.map(async ({ name }) => ({ name, outcome: await receiveOne(services, name, push) })),
  )
  const builds = outcomes.flatMap(({ name, outcome }) => buildOf(name, outcome, publicUrlOf(services.config, request)))
  const ignored = outcomes.flatMap(({ name, outcome }) => whyIgnored(name, outcome, push.branch))
  if (builds.length === 0) return reply.send({ status: 'ignored', why: ignored.join('; ') })
  return reply.code(202).send({ builds })
}

const withRepository = ({ name, repository }: ProjectConfig): string => `${name} (${hideSecrets(repository)})`

const isOf = ({ repository }: ProjectConfig, { repositoryUrls }: ForgePush): boolean =>
  repositoryUrls.some(url => sameRepository(repository, url, { anyCase: true }))

const receiveOne = ({ farm }: Services, project: string, push: ForgePush): Promise<RequestOutcome> => {
  const { commit, branch, deliveryId, subject, author } = push
  const of = { kind: 'branch', branch } as const
  return farm.builds.request({ project, commit, of, cause: 'push', source: 'github', deliveryId, subject, author })
}

function buildOf(project: string, outcome: RequestOutcome, publicUrl: string) {
  if ((outcome.kind !== 'built' && outcome.kind !== 'repeated') || outcome.buildId === null) return []
  const id = outcome.buildId
  return [{ id, project, url: `${publicUrl}/builds/${id}`, created: outcome.kind === 'built' && outcome.created }]
}

function whyIgnored(project: string, outcome: RequestOutcome, branch: string): string[] {
  if (outcome.kind === 'branch-not-built') return [`${onlyBranches(project, outcome.branches)}, not ${branch}`]
  return outcome.kind === 'repeated' && outcome.buildId === null ? [`${project}: ${repeatedWithoutBuild}`] : []
}
