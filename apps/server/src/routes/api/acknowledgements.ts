import { api } from '@rumpfarm/contracts'
import type { Acknowledged } from '@rumpfarm/farm'
import { requireAdmin } from '../../auth/plugin.ts'
import { answerProblem, notFailing, unknownProject } from '../../http/problems/outcomes.ts'
import { problem, Refusal } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { type ApiInstance, forAdmins, noContent, refusalsFor } from './routes.ts'

const daysDefault = 30

/** The routes for failures that a person knows and takes care of. */
export const acknowledgements =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    app.get(
      '/projects/:name/acknowledgements',
      {
        schema: {
          tags: ['failures'],
          operationId: 'listAcknowledgements',
          summary: 'Acknowledged failures of a project that have neither ended nor expired',
          description: 'The answer has all of them, without pages.',
          params: api.NameParam,
          response: { 200: api.ref(api.Acknowledgements), ...refusalsFor('unknown-project') },
        },
      },
      async (request, reply) => {
        const { name } = request.params
        const projects = await farm.projects.list()
        if (!projects.has(name)) return answerProblem(reply, unknownProject(name, [...projects.keys()]))
        return { items: await farm.acknowledgements.listActive([name]) }
      },
    )

    app.post(
      '/projects/:name/acknowledgements',
      {
        onRequest: requireAdmin,
        schema: {
          tags: ['failures'],
          operationId: 'acknowledgeFailure',
          summary: 'Acknowledge the failure of a cell, or a failure in every cell of the project',
          description:
            'The body names either a fingerprint, or the branch, host, arch and variant of a failing cell. The acknowledgement ends when the failure changes, or after `days`.',
          security: forAdmins,
          params: api.NameParam,
          body: api.Acknowledge,
          response: { 201: api.ref(api.Acknowledgement), ...refusalsFor('unknown-project', 'unknown', 'not-failing') },
        },
      },
      async (request, reply) => {
        const { name: project } = request.params
        const { note, owner, link, days = daysDefault } = request.body
        const of = acknowledgedOf(request.body)
        const outcome = await farm.acknowledgements.add({ project, of, note, owner, link, days })
        if (outcome.kind === 'not-failing') return answerProblem(reply, notFailing(of))
        const active = await farm.acknowledgements.listActive([project])
        const acknowledged = active.find(({ id }) => id === outcome.id)
        if (acknowledged) return reply.code(201).send(acknowledged)
        return problem(reply, 'unknown', `acknowledgement ${outcome.id} has already ended`)
      },
    )

    app.delete(
      '/acknowledgements/:id',
      {
        onRequest: requireAdmin,
        schema: {
          tags: ['failures'],
          operationId: 'endAcknowledgement',
          summary: 'End an acknowledgement, so that the failure counts again',
          description: 'A second request for the same acknowledgement is answered with 404.',
          security: forAdmins,
          params: api.IdParam,
          response: { 204: noContent('The acknowledgement has ended'), ...refusalsFor('unknown') },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        if (await farm.acknowledgements.end(id)) return reply.code(204).send()
        return problem(reply, 'unknown', `there is no acknowledgement ${id}, or it has ended or expired`)
      },
    )
  }

function acknowledgedOf({ fingerprint, branch, host, arch, variant }: api.Acknowledge): Acknowledged {
  const cell = [branch, host, arch, variant]
  if (fingerprint !== undefined && cell.every(part => part === undefined)) return { kind: 'fingerprint', fingerprint }
  if (fingerprint === undefined && branch && host && arch && variant)
    return { kind: 'cell', branch, host, arch, variant }
  throw new Refusal('invalid', 'the body must have either fingerprint, or branch, host, arch and variant')
}
