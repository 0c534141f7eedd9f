import { Readable } from 'node:stream'
import { api, attemptName } from '@rumpfarm/contracts'
import type { BuildTest, Outcome, TestHistory, TestName, TestResultView } from '@rumpfarm/farm'
import { historyCellsMax } from '@rumpfarm/farm'
import type { FastifyReply } from 'fastify'
import type { TSchema } from 'typebox'
import { type CsvColumns, csvHeader, csvRows, csvType } from '../../http/csv.ts'
import { type BulkAnswers, wantsLines } from '../../http/ndjson.ts'
import { idOf, idOfCursor, nameOfCursor, nextAddress, pageSize, writeCursor } from '../../http/pagination.ts'
import { Refusal } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { cellOf, keyOfCell } from './cell-cursor.ts'
import { checkProject, findAttempt, findBuild } from './find.ts'
import { type ApiInstance, pageOrLines, refusalsFor } from './routes.ts'
import { type Exchange, sendList } from './send-list.ts'

type TestSchema = TSchema & { $id?: string }

const csv = { 'text/csv': { schema: { type: 'string' } } }

/** The answer of a list: JSON, or the whole list as CSV. */
const jsonOrCsv = <Schema extends TestSchema>(schema: Schema) => ({
  description: 'The list as JSON, or the whole list as CSV',
  content: { 'application/json': { schema: api.ref(schema) }, ...csv },
})

/** The answer of a list that can be long: a page as JSON, or the whole list as NDJSON or CSV. */
function pageOrWhole<Page extends TestSchema>(page: Page, item: string) {
  const { description, content } = pageOrLines(page, item)
  return { description, content: { ...content, ...csv } }
}

const rowsAtOnce = 5000
const slowestMax = 10

/** Single tests: docs/test-results.md. */
export const tests =
  ({ farm }: Services, bulk: BulkAnswers) =>
  async (app: ApiInstance) => {
    const ofJob = {
      tags: ['tests'],
      querystring: api.JobTestFilter,
      response: { 200: pageOrWhole(api.JobTests, 'TestResult'), ...refusalsFor('unknown') },
    }

    app.get(
      '/jobs/:id/tests',
      {
        schema: {
          ...ofJob,
          operationId: 'listJobTests',
          summary: 'Tests of a job, sorted by suite and name; as JSON, NDJSON or CSV',
          description: 'The newest attempt. `outcome` selects tests. NDJSON and CSV have all tests of the selection.',
          params: api.IdParam,
        },
      },
      (request, reply) => answerJob(request.params, request.query, { request, reply }),
    )

    app.get(
      '/jobs/:id/attempts/:number/tests',
      {
        schema: {
          ...ofJob,
          operationId: 'listAttemptTests',
          summary: 'Tests of one attempt; as JSON, NDJSON or CSV',
          description: 'As `listJobTests`, but of the attempt that the address names.',
          params: api.AttemptParam,
        },
      },
      (request, reply) => answerJob(request.params, request.query, { request, reply }),
    )

    async function answerJob(
      wanted: { id: number; number?: number },
      { format, cursor, outcome }: { format?: string; cursor?: string; outcome?: Outcome },
      to: Exchange,
    ) {
      const { job, attempt } = await findAttempt(farm, wanted)
      const id = { jobId: job.id, number: attempt.number }
      const outcomes = outcome && [outcome]
      const readRows = (after: number | undefined) =>
        farm.testResults.ofAttempt(id, { outcomes, after, limit: rowsAtOnce })
      if (format === 'csv') return sendCsv(to.reply, resultColumns, readRows, keyOfResult)
      const read = (after: number | undefined, limit: number) =>
        farm.testResults.ofAttempt(id, { outcomes, after, withExcerpt: true, limit })
      const list = { read, keyOf: keyOfResult, schema: api.ref(api.TestResult) }
      // The summary is read first: an examination can end at any time, and a summary must never be newer than the tests.
      const summary = await farm.testResults.summary(id)
      const answer = await sendList(bulk, to, list, idOfCursor(cursor))
      if (!('items' in answer)) return answer
      const slowest = await farm.testResults.slowestOfAttempt(id, slowestMax)
      const files = summary ? { ...summary, files: summary.runs } : null
      return { attempt: attemptName(id), summary: files, slowest, ...answer }
    }

    app.get(
      '/builds/:id/tests',
      {
        schema: {
          tags: ['tests'],
          operationId: 'getBuildTests',
          summary: 'Newly failing, still failing, flaky and fixed tests of a build; as JSON or CSV',
          description: 'Compares each test with its newest earlier result in the same cell.',
          params: api.IdParam,
          querystring: api.TestFormat,
          response: { 200: jsonOrCsv(api.BuildTests), ...refusalsFor('unknown') },
        },
      },
      async (request, reply) => {
        const { id } = await findBuild(farm, request.params.id)
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
          summary: 'Flaky, often failing, slow and all tests of a project; NDJSON and CSV have all tests',
          description: '`q` selects tests whose suite or name contains a text.',
          params: api.NameParam,
          querystring: api.ProjectTestFilter,
          response: { 200: pageOrWhole(api.ProjectTests, 'TestName'), ...refusalsFor('unknown-project') },
        },
      },
      async (request, reply) => {
        const { name } = request.params
        const { format, cursor, q: search } = request.query
        await checkProject(farm, name)
        const read = (after: number | undefined, limit: number) => farm.testResults.list(name, { search, after, limit })
        if (format === 'csv') return sendCsv(reply, nameColumns, after => read(after, rowsAtOnce), idOf)
        if (wantsLines(request, format))
          return bulk.send(request, reply, { read, keyOf: idOf, schema: api.ref(api.TestName) }, idOfCursor(cursor))
        const after = idOfCursor(cursor)
        const { tests: items, more, ...rest } = await farm.testResults.ofProject(name, { search, after })
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
          description: 'At most 20 results of each cell, newest first. CSV has all cells.',
          params: api.ProjectTestParam,
          querystring: api.TestHistoryFilter,
          response: { 200: jsonOrCsv(api.TestHistory), ...refusalsFor('unknown') },
        },
      },
      async (request, reply) => {
        const { name, id } = request.params
        const { format, cursor, limit = pageSize } = request.query
        const wantsCsv = format === 'csv'
        const page = wantsCsv
          ? { after: undefined, limit: historyCellsMax }
          : { after: cellOf(nameOfCursor(cursor)), limit }
        const history = await farm.testResults.history(name, id, page)
        if (!history) throw new Refusal('unknown', `there is no test ${id} in ${name}`)
        if (wantsCsv)
          return reply.type(csvType).send(csvHeader(historyColumns) + csvRows(historyColumns, rowsOf(history)))
        const last = history.cells.at(-1)
        const next = history.next && last ? nextAddress(request, writeCursor(keyOfCell(last))) : null
        if (next !== null) reply.header('link', `<${next}>; rel="next"`)
        return { ...history, next }
      },
    )
  }

const keyOfResult = ({ testId }: TestResultView): number => testId

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
