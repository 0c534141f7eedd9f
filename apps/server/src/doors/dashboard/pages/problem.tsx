import { drawPage, type Visit } from '../layout.tsx'

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
          <a href={next?.href ?? '/'}>{next?.text ?? 'Back to the matrix'}</a>
        </p>
      </>
    ),
  })
