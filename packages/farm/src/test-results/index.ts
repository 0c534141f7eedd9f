import type { AttemptId } from '@rumpfarm/contracts'
import type { Contexts } from '../context.ts'
import { type ListTests, slowestOfAttempt, testsOfAttempt } from './attempt-queries.ts'
import { countsOfBuild, testsOfBuild } from './build-queries.ts'
import { type HistoryPage, testHistory } from './history-queries.ts'
import { listTests, testsOfProject } from './project-queries.ts'
import { testSummary } from './summary-queries.ts'

export type { TestResultView } from './attempt-queries.ts'
export type { BuildTest, BuildTestCounts, BuildTests } from './build-queries.ts'
export type { TestChange } from './change.rule.ts'
export type { HistoryPage, TestHistory, TestHistoryCell, TestHistoryResult } from './history-queries.ts'
export type { Counts as TestCounts, Outcome } from './outcome.rule.ts'
export type { FailingTest, FlakyTest, ProjectTests, SlowTest, TestCell, TestName } from './project-queries.ts'
export type { TestRunView, TestSummaryView } from './summary-queries.ts'

/** The results of single tests. The examination of an attempt stores them. */
export const testResultMethods = ({ pages, listing, history }: Contexts) => ({
  /** The counts of an attempt; undefined if its recipe has no `results`, or before its examination. */
  summary: (attempt: AttemptId) => testSummary(pages, attempt),
  ofAttempt: (attempt: AttemptId, options: ListTests) => listing(() => testsOfAttempt(pages, attempt, options)),
  slowestOfAttempt: (attempt: AttemptId, limit: number) => slowestOfAttempt(pages, attempt, limit),
  countsOfBuild: (buildId: number) => countsOfBuild(pages, buildId),
  ofBuild: (buildId: number) => listing(() => testsOfBuild(pages, buildId)),
  ofProject: (project: string, options: Parameters<typeof testsOfProject>[2]) =>
    history(() => testsOfProject(pages, project, options)),
  /** The tests of a project whose names contain `search`, in the order of their names. */
  list: (project: string, options: Parameters<typeof listTests>[2]) =>
    history(() => listTests(pages, project, options)),
  /** One test on all hosts; undefined if the project has no such test. */
  history: (project: string, testId: number, page: HistoryPage) =>
    history(() => testHistory(pages, project, testId, page)),
})
