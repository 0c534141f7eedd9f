import { isLoopback } from '../../../http/host-header.ts'
import { Csrf, drawPage, type Visit } from '../components/layout.tsx'
import { A, Form } from '../components/links.tsx'
import { moment } from '../components/times.ts'

export interface Invitation {
  hostName: string
  token: string
  expiresAt: Date
  /** What hosts call this farm. */
  farmUrl: string
  line: string
  /** For a host without TLS 1.2; null: this farm takes no signed requests. */
  signedLine: string | null
}

export function drawInvitePage(visit: Visit, problem?: string, name = ''): string {
  return drawPage({
    title: 'Invite a host',
    visit,
    children: (
      <>
        <h1>Invite a host</h1>
        <p class="lead">
          Run one line on a machine to make it a host. It needs a POSIX shell, tar, gzip and one HTTP client (curl,
          wget, perl, python, nc or openssl).
        </p>
        <Form class="stack" to="/hosts/new">
          <Csrf visit={visit} />
          <label for="name">Its name, as a row of the matrix</label>
          <input
            id="name"
            name="name"
            value={name}
            required
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            aria-describedby={problem === undefined ? 'form' : 'problem'}
            aria-invalid={problem === undefined ? undefined : true}
          />
          {problem === undefined ? (
            <small id="form">Letters, digits, dots, dashes and underscores: netbsd-5.1, vax</small>
          ) : (
            <p id="problem" class="wrong">
              {problem}
            </p>
          )}
          <button type="submit">Make the line</button>
        </Form>
      </>
    ),
  })
}

const OnlyHere = ({ url }: { url: string }) => (
  <p class="banner" role="note">
    <strong>{url} can be reached only from the farm's own machine.</strong> For another machine, start the farm with{' '}
    <code>HOST=0.0.0.0 PUBLIC_URL=http://NAME:PORT</code>, where NAME is what other machines call this one, and make the
    line again.
  </p>
)

const SignedLine = ({ line }: { line: string }) => (
  <>
    {' '}
    Or run this: its requests are signed, and so are the farm’s answers. The script itself comes over plain HTTP, so it
    must run only if its SHA-256 is the one in the line. Without <code>sha256sum</code>, compare by eye:{' '}
    <code>openssl dgst -sha256 agent.sh</code>
    <pre class="command">{line}</pre>
  </>
)

export function drawInvitationPage(visit: Visit, invitation: Invitation): string {
  const { hostName, token, expiresAt, farmUrl, line, signedLine } = invitation
  return drawPage({
    title: `Invitation for ${hostName}`,
    visit,
    children: (
      <>
        <h1>Run this on {hostName}</h1>
        {isLoopback(new URL(farmUrl).hostname) && <OnlyHere url={farmUrl} />}
        <pre class="command" id="line">
          {line}
        </pre>
        <button type="button" data-copy="line" hidden>
          Copy the line
        </button>
        <p>
          It works once, until {moment(expiresAt)}, and is not shown again. Run it as the user that shall build, not as
          root.
        </p>
        <h2>What happens then</h2>
        <ol>
          <li>The host says what it is: its system, CPUs, memory, disk and compilers.</li>
          <li>
            It gets a credential of its own, kept there in a file that only its user can read; the farm keeps the hash.
          </li>
          <li>
            {hostName} is a row of <A to="/">the matrix</A> and takes the next build that it is meant for.
          </li>
        </ol>
        <h2>Where that line does not work</h2>
        <dl class="notes">
          <dt>No curl</dt>
          <dd>
            <pre class="command">{`wget -qO agent.sh ${farmUrl}/agent.sh && sh agent.sh enroll ${token}`}</pre>
          </dd>
          <dt>Solaris 10</dt>
          <dd>
            Save the file, and run it with <code>/usr/xpg4/bin/sh</code>: <code>/bin/sh</code> there is no POSIX shell.
          </dd>
          <dt>A TLS too old for this farm</dt>
          <dd>
            Bring <code>agent.sh</code> over by hand, and let the agent reach the farm through an ssh tunnel: a line{' '}
            <code>tunnel</code> in its host.conf (docs/hosts.md, “Old TLS”).
            {signedLine !== null && <SignedLine line={signedLine} />}
          </dd>
        </dl>
      </>
    ),
  })
}
