import type { Acknowledgement } from '@rumpfarm/farm'
import type { Visit } from '../visit.ts'
import { Ago, Day } from './ago.tsx'
import { CsrfField, Form, OutsideLink } from './links.tsx'

export interface FailingCell {
  project: string
  branch: string
  host: string
  arch: string
  variant: string
  /** Null before the farm has examined the log of the failure. */
  fingerprint: string | null
}

interface Props {
  visit: Visit
  cell: FailingCell
  acknowledged: Acknowledgement | null
  /** The path of the page with the form, to which the browser returns. */
  back: string
}

/** The acknowledgement of a failing cell, and for administrators a form to acknowledge the failure or to end this. */
export function AcknowledgementOf({ visit, cell, acknowledged, back }: Props) {
  if (acknowledged) return <Present visit={visit} acknowledged={acknowledged} back={back} />
  return visit.admin ? <AcknowledgeForm visit={visit} cell={cell} back={back} /> : null
}

function Present({ visit, acknowledged, back }: Omit<Props, 'cell'> & { acknowledged: Acknowledgement }) {
  const { id, note, owner, link, createdAt, expiresAt, kind } = acknowledged
  return (
    <section class="acknowledged">
      <p>
        <b>Acknowledged</b> by {owner} <Ago from={createdAt} at={visit.at} />
        {kind === 'fingerprint' && ', for this failure in every cell of the project'}: {note}
        {link !== null && (
          <>
            {' '}
            <OutsideLink href={link}>Bug report</OutsideLink>
          </>
        )}
        . The failure counts again on <Day time={expiresAt} />, or when it changes.
      </p>
      {visit.admin && (
        <Form class="action" to={`/acknowledgements/${id}/end`}>
          <CsrfField visit={visit} />
          <input type="hidden" name="back" value={back} />
          <button type="submit">End acknowledgement</button>
        </Form>
      )}
    </section>
  )
}

function AcknowledgeForm({ visit, cell, back }: Omit<Props, 'acknowledged'>) {
  const { project, fingerprint, ...key } = cell
  return (
    <details>
      <summary>Acknowledge this failure</summary>
      <Form class="stack" to="/acknowledgements">
        <CsrfField visit={visit} />
        {Object.entries({ project, ...key, fingerprint: fingerprint ?? '', back }).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <p>Pages show an acknowledged failure quietly until it changes or the time is over.</p>
        <label for="note">Note: why it is known</label>
        <input id="note" name="note" required maxlength={1000} />
        <label for="owner">Owner: who takes care of it</label>
        <input id="owner" name="owner" required maxlength={100} />
        <label for="link">Address of a bug report (optional)</label>
        <input id="link" name="link" type="url" maxlength={500} placeholder="https://…" />
        <label for="days">Days</label>
        <input id="days" name="days" type="number" min={1} max={365} value="30" required />
        {fingerprint !== null && (
          <label for="everywhere">
            <input id="everywhere" name="everywhere" type="checkbox" value="yes" /> in every cell of {project} with this
            error
          </label>
        )}
        <button type="submit">Acknowledge failure</button>
      </Form>
    </details>
  )
}
