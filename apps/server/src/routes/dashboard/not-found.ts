import type { Problem } from './pages/problem.tsx'

/** What somebody asked for is not there: the message is for them, with what to do next. */
export class NotHere extends Error {
  readonly problem: Problem
  /** Undefined: 404 for a page, 409 for a button. */
  readonly status: number | undefined

  constructor(problem: Problem, status?: number) {
    super(problem.title)
    this.problem = problem
    this.status = status
  }
}

export const noSuch = (what: string, name: string, next: Problem['next'] & object): NotHere =>
  new NotHere(
    { title: `There is no ${what} ${name}`, text: `The farm knows no ${what} of this name or number.`, next },
    404,
  )
