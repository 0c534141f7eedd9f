import { drawPage, type Visit } from '../components/layout.tsx'
import { A } from '../components/links.tsx'

/** What happened, and what to do next. */
export interface Problem {
  title: string
  text: string
  next?: { href: string; text: string }
}

export const drawProblemPage = (visit: Visit, { title, text, next }: Problem): string =>
  drawPage({
    title,
    visit,
    children: (
      <>
        <h1>{title}</h1>
        <p class="lead">{text}</p>
        <p>
          <A to={next?.href ?? '/'}>{next?.text ?? 'Back to the matrix'}</A>
        </p>
      </>
    ),
  })
