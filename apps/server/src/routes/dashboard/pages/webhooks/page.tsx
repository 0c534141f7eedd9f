import { type ForgeKind, forgeKinds, type SetUp, setUpOf } from '@rumpfarm/connectors'
import type { ProjectConfig } from '@rumpfarm/contracts'
import { secretWords } from '../../../../trigger/webhook-secrets.ts'
import { segment } from '../../components/escape.ts'
import { renderPage } from '../../components/layout.tsx'
import { CsrfField, Form, Link } from '../../components/links.tsx'
import type { Visit } from '../../visit.ts'

export interface WebhooksPage {
  visit: Visit
  project: ProjectConfig
  /** The farm's address. */
  url: string
}

/** How to set up the webhook of each forge. */
export const renderWebhooksPage = ({ visit, project, url }: WebhooksPage): string =>
  renderPage({
    title: `Webhooks of ${project.name}`,
    visit,
    children: (
      <>
        <h1>Webhooks of {project.name}</h1>
        <p class="lead">A webhook tells the farm about a push at once. Choose the forge of the repository:</p>
        {byLikelihood(project.repository).map(kind => (
          <ForgeSetUp visit={visit} project={project} kind={kind} setUp={setUp(project, kind, url)} />
        ))}
        <p>
          <Link to={`/deliveries?project=${segment(project.name)}`}>Deliveries of {project.name}</Link> ·{' '}
          <Link to={`/projects/${segment(project.name)}`}>Project {project.name}</Link>
        </p>
      </>
    ),
  })

const setUp = (project: ProjectConfig, kind: ForgeKind, url: string): SetUp =>
  setUpOf(kind, {
    address: `${url}/webhooks/${kind}`,
    secret: secretWords(kind, project),
    pullRequests: project.pullRequests !== undefined,
  })

/** The forge whose name is in the address of the repository comes first. */
function byLikelihood(repository: string): ForgeKind[] {
  const isLikely = (kind: ForgeKind) => repository.toLowerCase().includes(kind === 'sourcehut' ? 'sr.ht' : kind)
  return [...forgeKinds.filter(isLikely), ...forgeKinds.filter(kind => !isLikely(kind))]
}

interface ForgeProps {
  visit: Visit
  project: ProjectConfig
  kind: ForgeKind
  setUp: SetUp
}

/** Addresses and keys are code, so that people copy them without the punctuation. */
const StepText = ({ text }: { text: string }) => (
  <>
    {text
      .split(/((?:https?:\/\/|ed25519:)[^\s)]*[^\s.,)])/)
      .map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}
  </>
)

const ForgeSetUp = ({ visit, project: { name: project }, kind, setUp: { name, steps, copy } }: ForgeProps) => (
  <details>
    <summary>{name}</summary>
    <ol>
      {steps.map(step => (
        <li>
          <StepText text={step} />
        </li>
      ))}
    </ol>
    {copy !== undefined && <pre class="command">{copy}</pre>}
    {visit.admin && kind !== 'sourcehut' && (
      <Form class="action" to={`/projects/${segment(project)}/webhook-tests`}>
        <CsrfField visit={visit} />
        <input type="hidden" name="sender" value={kind} />
        <button type="submit" aria-label={`Test the webhook of ${name}`}>
          Test
        </button>{' '}
        <span class="hint">The farm sends a signed ping to its own address, as {name} does.</span>
      </Form>
    )}
  </details>
)
