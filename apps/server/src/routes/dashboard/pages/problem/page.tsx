import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import type { Visit } from '../../visit.ts'

export interface Problem {
  /** Says what happened. */
  title: string
  /** Says why it happened, and what the visitor can do next. */
  text: string
  next?: { href: string; text: string }
}

export const renderProblemPage = (visit: Visit, { title, text, next }: Problem): string =>
  renderPage({
    title,
    visit,
    children: (
      <>
        <h1>{title}</h1>
        <p class="lead">{text}</p>
        <p>
          <Link to={next?.href ?? '/'}>{next?.text ?? 'Back to the matrix'}</Link>
        </p>
      </>
    ),
  })
