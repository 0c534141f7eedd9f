import { renderPage } from '../../components/layout.tsx'
import { CsrfField, Form } from '../../components/links.tsx'
import type { Visit } from '../../visit.ts'

export interface InvitePage {
  visit: Visit
  /** The mistake in the name that the form sent. */
  error?: string
  name?: string
}

export const renderInvitePage = ({ visit, error, name = '' }: InvitePage): string =>
  renderPage({
    title: 'Invite a host',
    visit,
    children: (
      <>
        <h1>Invite a host</h1>
        <p class="lead">
          One command makes a machine a host. The machine needs a POSIX shell, tar, gzip and one HTTP client (curl,
          wget, perl, python, nc or openssl).
        </p>
        <Form class="stack" to="/hosts/new">
          <CsrfField visit={visit} />
          <label for="name">Host name</label>
          <input
            id="name"
            name="name"
            value={name}
            required
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            aria-describedby={error === undefined ? 'hint' : 'error'}
            aria-invalid={error === undefined ? undefined : true}
          />
          {error === undefined ? (
            <small id="hint">Letters, digits, dots, dashes and underscores, for example netbsd-5.1 or vax</small>
          ) : (
            <p id="error" class="error">
              {error}
            </p>
          )}
          <button type="submit">Create invitation</button>
        </Form>
      </>
    ),
  })
