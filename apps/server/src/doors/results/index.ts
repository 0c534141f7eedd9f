import type { FastifyInstance } from 'fastify'
import type { Parts } from '../../parts.ts'
import { knowVisitors } from '../access.ts'
import { answerWithProblems } from '../problems.ts'
import { limitRates } from '../rates.ts'
import { artifacts } from './artifacts.ts'
import { builds } from './builds.ts'
import { weakEtags } from './etags.ts'
import { hosts } from './hosts.ts'
import { jobs } from './jobs.ts'
import { logs } from './logs.ts'
import { matrix } from './matrix.ts'
import { projects } from './projects.ts'
import { reference } from './reference.ts'
import { bodyBytesMax, speakJson } from './speak-json.ts'
import { tokens } from './tokens.ts'

/** What the farm knows, for programs: docs/api.md. Reading is public. */
export const resultsDoor = (parts: Parts) => async (app: FastifyInstance) => {
  await app.register(
    async api => {
      answerWithProblems(api, parts, bodyBytesMax)
      await limitRates(api)
      knowVisitors(api)
      speakJson(api)
      await api.register(versionOne(parts), { prefix: '/v1' })
    },
    { prefix: '/api' },
  )
}

const versionOne = (parts: Parts) => async (app: FastifyInstance) => {
  await reference(app, parts)
  weakEtags(app)
  for (const routes of [projects, builds, jobs, logs, artifacts, hosts, matrix, tokens])
    await app.register(routes(parts))
}
