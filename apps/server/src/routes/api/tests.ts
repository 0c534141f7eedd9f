import { Readable } from 'node:stream'
import { api, attemptName } from '@rumpfarm/contracts'
import type { BuildTest, Outcome, TestHistory, TestName, TestResultView } from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import { type CsvColumns, csvHeader, csvRows, csvType } from '../../http/csv.ts'
import { idOfCursor, nextAddress, pageOf, pageSize, writeCursor } from '../../http/pagination.ts'
import { answerProblem, unknownJob, unknownProject } from '../../http/problems/outcomes.ts'
import type { Services } from '../../services.ts'
import { type ApiInstance, refusals } from './routes.ts'

/** The answer of a list: JSON, or the whole list as CSV. */
const jsonOrCsv = <Schema extends TSchema & { $id?: string }>(schema: Schema) => ({
  200: {
    description: 'The list as JSON, or the whole list as CSV',
    content: {
      'application/json': { schema: api.ref(schema) },
      'text/csv': { schema: { type: 'string' } },
    },
  },
  ...refusals,
})

const rowsAtOnce = 5000

/** Single tests: docs/test-results.md. */
export const tests =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    const ofJob = {
      schema: {
        tags: ['tests'],
        summary: 'Tests of a job, sorted by suite and name; as JSON or CSV',
        querystring: api.JobTestFilter,
        response: jsonOrCsv(api.JobTests),
      },
    }

    app.get(
      '/jobs/:id/tests',
      { schema: { ...ofJob.schema, operationId: 'listJobTests', params: api.IdParam } },
      async (request, reply) => answerJob(request, reply, request.params.id, undefined, request.query),
    )

    app.get(
      '/jobs/:id/attempts/:number/tests',
      { schema: { ...ofJob.schema, operationId: 'listAttemptTests', params: api.AttemptParam } },
      async (request, reply) => answerJob(request, reply, request.params.id, request.params.number, request.query),
    )

    interface JobQuery {
      format?: string
      cursor?: string
      limit?: number
      outcome?: Outcome
    }

    async function answerJob(
      request: FastifyRequest,
      reply: FastifyReply,
      jobId: number,
      number: number | undefined,
      { format, cursor, limit = pageSize, outcome }: JobQuery,
    ) {
      const job = await farm.builds.findJob(jobId)
      const attempt = job?.attempts.find(one => number === undefined || one.number === number)
      if (!attempt) return answerProblem(reply, unknownJob(jobId))
      const id = { jobId, number: attempt.number }
      const outcomes = outcome && [outcome]
      if (format === 'csv')
        return sendCsv(
          reply,
          resultColumns,
          after => farm.testResults.ofAttempt(id, { outcomes, after, limit: rowsAtOnce }),
          test => test.testId,
        )
      const summary = await farm.testResults.summary(id)
      const options = { outcomes, after: idOfCursor(cursor), withExcerpt: true, limit: limit + 1 }
      const page = pageOf(await farm.testResults.ofAttempt(id, options), limit, test => test.testId, { request, reply })
      return { attempt: attemptName(id), summary: summary ? { ...summary, files: summary.runs } : null, ...page }
    }

    app.get(
      '/builds/:id/tests',
      {
        schema: {
          tags: ['tests'],
          operationId: 'getBuildTests',
          summary: 'Newly failing, still failing, flaky and fixed tests of a build; as JSON or CSV',
          params: api.IdParam,
          querystring: api.TestFormat,
          response: jsonOrCsv(api.BuildTests),
        },
      },
      async (request, reply) => {
        const { id } = request.params
        if (!(await farm.builds.find(id)))
          return answerProblem(reply, { kind: 'unknown', detail: `there is no build ${id}` })
        const { tests: items, ...rest } = await farm.testResults.ofBuild(id)
        if (request.query.format === 'csv')
          return reply.type(csvType).send(csvHeader(buildColumns) + csvRows(buildColumns, items))
        return { items, ...rest }
      },
    )

    app.get(
      '/projects/:name/tests',
      {
        schema: {
          tags: ['tests'],
          operationId: 'listProjectTests',
          summary: 'Flaky, often failing, slow and all tests of a project; as JSON or CSV',
          params: api.NameParam,
          querystring: api.ProjectTestFilter,
          response: jsonOrCsv(api.ProjectTests),
        },
      },
      async (request, reply) => {
        const { name } = request.params
        const known = await farm.projects.list()
        if (!known.has(name)) return answerProblem(reply, unknownProject(name, [...known.keys()]))
        const { format, cursor, q: search } = request.query
        if (format === 'csv')
          return sendCsv(
            reply,
            nameColumns,
            async after => farm.testResults.list(name, { search, after, limit: rowsAtOnce }),
            test => test.id,
          )
        const {
          tests: items,
          more,
          ...rest
        } = await farm.testResults.ofProject(name, { search, after: idOfCursor(cursor) })
        const last = items.at(-1)
        const next = more && last ? nextAddress(request, writeCursor(last.id)) : null
        if (next !== null) reply.header('link', `<${next}>; rel="next"`)
        return { ...rest, items, next }
      },
    )

    app.get(
      '/projects/:name/tests/:id',
      {
        schema: {
          tags: ['tests'],
          operationId: 'getTest',
          summary: 'One test on all hosts, with its newest results; as JSON or CSV',
          params: api.ProjectTestParam,
          querystring: api.TestFormat,
          response: jsonOrCsv(api.TestHistory),
        },
      },
      async (request, reply) => {
        const { name, id } = request.params
        const history = await farm.testResults.history(name, id)
        if (!history) return answerProblem(reply, { kind: 'unknown', detail: `there is no test ${id} in ${name}` })
        if (request.query.format === 'csv')
          return reply.type(csvType).send(csvHeader(historyColumns) + csvRows(historyColumns, rowsOf(history)))
        return history
      },
    )
  }

/** Sends a whole list, which is read in parts. */
function sendCsv<Row>(
  reply: FastifyReply,
  columns: CsvColumns<Row>,
  read: (after: number | undefined) => Promise<Row[]>,
  idOf: (row: Row) => number,
): FastifyReply {
  async function* lines() {
    yield csvHeader(columns)
    let after: number | undefined
    for (;;) {
      const rows = await read(after)
      yield csvRows(columns, rows)
      const last = rows.at(-1)
      if (rows.length < rowsAtOnce || last === undefined) return
      after = idOf(last)
    }
  }
  return reply.type(csvType).send(Readable.from(lines()))
}

const resultColumns: CsvColumns<TestResultView> = [
  ['testId', test => test.testId],
  ['suite', test => test.suite],
  ['name', test => test.name],
  ['outcome', test => test.outcome],
  ['tries', test => test.tries],
  ['durationMs', test => test.durationMs],
  ['message', test => test.message],
  ['file', test => test.file],
  ['line', test => test.line],
  ['fingerprint', test => test.fingerprint],
]

const buildColumns: CsvColumns<BuildTest> = [
  ['testId', test => test.testId],
  ['suite', test => test.suite],
  ['name', test => test.name],
  ['change', test => test.change],
  ['outcome', test => test.outcome],
  ['host', test => test.host],
  ['arch', test => test.arch],
  ['variant', test => test.variant],
  ['attempt', test => test.attempt],
  ['beforeBuildId', test => test.before?.buildId],
  ['beforeAttempt', test => test.before?.attempt],
  ['beforeOutcome', test => test.before?.outcome],
  ['message', test => test.message],
  ['fingerprint', test => test.fingerprint],
]

const nameColumns: CsvColumns<TestName> = [
  ['testId', test => test.id],
  ['suite', test => test.suite],
  ['name', test => test.name],
]

type HistoryRow = TestHistory['cells'][number] & TestHistory['cells'][number]['results'][number]
const rowsOf = ({ cells }: TestHistory): HistoryRow[] =>
  cells.flatMap(cell => cell.results.map(result => ({ ...cell, ...result })))

const historyColumns: CsvColumns<HistoryRow> = [
  ['host', row => row.host],
  ['arch', row => row.arch],
  ['variant', row => row.variant],
  ['outcome', row => row.outcome],
  ['tries', row => row.tries],
  ['durationMs', row => row.durationMs],
  ['attempt', row => row.attempt],
  ['buildId', row => row.buildId],
  ['commit', row => row.commit],
  ['branch', row => row.branch],
  ['finishedAt', row => row.finishedAt],
  ['message', row => row.message],
]
