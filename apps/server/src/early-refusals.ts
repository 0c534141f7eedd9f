import { prefersHtml } from './http/accepts-html.ts'
import type { RefuseEarly } from './http/bad-address.ts'
import { problem, problemKinds, sentenceOf } from './http/problems.ts'
import { err } from './routes/agent/answers.ts'
import { renderProblemPage } from './routes/dashboard/pages/problem/page.tsx'
import { sendPage } from './routes/dashboard/send-page.ts'
import { anonymousVisit } from './routes/dashboard/visit.ts'

/**
 * Refuses a request before the server finds its route. Programs receive a problem, agents a line, and browsers a page.
 */
export const refuseEarly: RefuseEarly = (kind, detail, request, reply) => {
  if (request.url.startsWith('/agent/')) return err(reply, 400, detail)
  if (/^\/(api|webhooks)(\/|$)/.test(request.url) || !prefersHtml(request)) return problem(reply, kind, detail)
  const [status, title] = problemKinds[kind]
  const page = renderProblemPage(anonymousVisit(request), { title, text: sentenceOf(detail) })
  return sendPage(reply.code(status), page)
}
