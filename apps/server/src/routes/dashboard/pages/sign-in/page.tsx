import type { ComponentChildren } from 'preact'
import { segment } from '../../components/escape.ts'
import { renderPage } from '../../components/layout.tsx'
import { Form } from '../../components/links.tsx'
import type { Visit } from '../../visit.ts'

const page = (visit: Visit, title: string, body: ComponentChildren): string =>
  renderPage({
    title,
    visit,
    children: (
      <>
        <h1>{title}</h1>
        {body}
      </>
    ),
  })

export const renderSignInPage = (visit: Visit, token: string): string =>
  page(
    visit,
    'Sign in',
    <>
      <p>This link signs this browser in as an administrator of the farm. It works once.</p>
      <Form to={`/login/${segment(token)}`}>
        <button type="submit">Sign in</button>
      </Form>
    </>,
  )

export const renderLinkNotValidPage = (visit: Visit): string =>
  page(
    visit,
    'Sign in',
    <>
      <p>This link is not valid: it was used, or it is more than ten minutes old. Create another link with</p>
      <pre>./farm admin</pre>
    </>,
  )

export const renderSignInErrorPage = (visit: Visit, text: string): string =>
  page(visit, 'Signing in or out failed', <p>{text}</p>)
