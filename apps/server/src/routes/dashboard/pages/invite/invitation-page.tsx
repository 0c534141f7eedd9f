import type { ReadFirst } from '../../../../agent-release/install-lines.ts'
import { isLoopback } from '../../../../http/host-header.ts'
import { Moment } from '../../components/ago.tsx'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import type { Visit } from '../../visit.ts'

export interface Invitation {
  hostName: string
  token: string
  expiresAt: Date
  /** The address at which hosts reach the server. */
  farmUrl: string
  line: string
  readFirst: ReadFirst
  /** The command for a host without TLS 1.2; null if the server has no port for signed requests. */
  signedLine: string | null
}

export const renderInvitationPage = (visit: Visit, invitation: Invitation): string => {
  const { hostName, expiresAt, farmUrl, line, readFirst } = invitation
  return renderPage({
    title: `Invitation for ${hostName}`,
    visit,
    children: (
      <>
        <h1>Run this on {hostName}</h1>
        {isLoopback(new URL(farmUrl).hostname) && <LoopbackWarning url={farmUrl} />}
        <pre class="command" id="line">
          {line}
        </pre>
        <button type="button" data-copy="line" hidden>
          Copy command
        </button>
        <p>
          The command works once, until <Moment time={expiresAt} />. No page shows it again. Run it as the user that
          builds, not as root.
        </p>
        <h2>To read the script first</h2>
        <ReadScriptFirst {...readFirst} />
        <h2>What happens next</h2>
        <ol>
          <li>The agent reports the host's system, CPUs, memory, disk and compilers.</li>
          <li>
            The server creates a credential for the host. The host stores it in a file that only its user can read. The
            server stores only a hash.
          </li>
          <li>
            {hostName} appears in <Link to="/">the matrix</Link> and takes the next job that is planned for it.
          </li>
        </ol>
        <h2>If the command does not work</h2>
        <Alternatives invitation={invitation} />
      </>
    ),
  })
}

const ReadScriptFirst = ({ sha256, commands }: ReadFirst) => (
  <>
    <p>
      The command above runs a script from this server. These four commands do the same in steps: download the script,
      check it, read it, run it.
    </p>
    <pre class="command" id="commands">
      {commands.join('\n')}
    </pre>
    <p>
      This is the SHA-256 of the script. If the host has no <code>sha256sum</code>, compare this value with the output
      of <code>openssl dgst -sha256 agent.sh</code>.
    </p>
    <pre class="command">{sha256}</pre>
  </>
)

const LoopbackWarning = ({ url }: { url: string }) => (
  <p class="banner" role="note">
    <strong>Only the server's own machine can reach {url}.</strong> To invite another machine, start the farm with{' '}
    <code>HOST=0.0.0.0 PUBLIC_URL=http://NAME:PORT</code>. Replace NAME with a name by which other machines reach the
    server. Then create the invitation again.
  </p>
)

const Alternatives = ({ invitation: { token, farmUrl, signedLine } }: { invitation: Invitation }) => (
  <dl class="notes">
    <dt>The host has no curl</dt>
    <dd>
      <pre class="command">{`wget -qO agent.sh ${farmUrl}/agent.sh && sh agent.sh enroll ${token}`}</pre>
    </dd>
    <dt>The host runs Solaris 10</dt>
    <dd>
      Save <code>agent.sh</code> and run it with <code>/usr/xpg4/bin/sh</code>, because <code>/bin/sh</code> is not a
      POSIX shell there.
    </dd>
    <dt>The host's TLS is too old for this server</dt>
    <dd>
      Copy <code>agent.sh</code> to the host by hand. Let the agent reach the server through an ssh tunnel: see the line{' '}
      <code>tunnel</code> in docs/hosts.md, “Old TLS”.
      {signedLine !== null && <SignedLine line={signedLine} />}
    </dd>
  </dl>
)

const SignedLine = ({ line }: { line: string }) => (
  <>
    {' '}
    Or run this command. The agent then signs its requests, and the server signs its answers. The script comes over
    plain HTTP, so the command runs the script only if the SHA-256 is correct. If the host has no <code>sha256sum</code>
    , compare the SHA-256 yourself: <code>openssl dgst -sha256 agent.sh</code>
    <pre class="command">{line}</pre>
  </>
)
