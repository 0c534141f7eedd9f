import { api } from '@rumpfarm/contracts'
import type { Acknowledged } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import Value from 'typebox/value'
import { requireAdmin } from '../../../../auth/plugin.ts'
import { notFailing } from '../../../../http/problems/outcomes.ts'
import { sentenceOf } from '../../../../http/problems.ts'
import type { Services } from '../../../../services.ts'
import { seeOther } from '../../forms.ts'
import { wholeNumber } from '../../query.ts'
import { PageError } from '../problem/page-error.ts'

type Fields = Partial<Record<string, string>>
type AcknowledgementForm = FastifyRequest<{ Params: { id: string }; Body: Fields | null }>

export function acknowledgementForms(app: FastifyInstance, { farm }: Services): void {
  const admin = { preHandler: requireAdmin }

  app.post('/acknowledgements', admin, async (request: AcknowledgementForm, reply) => {
    const fields = request.body ?? {}
    const { project = '', back } = fields
    const wanted = { ...textsOf(fields), days: wholeNumber(fields.days) ?? 0 }
    const of = acknowledgedOf(fields)
    if (!Value.Check(api.Acknowledge, wanted))
      throw notAcknowledged(
        'Fill in the note and the owner, and 1 to 365 days. A link begins with http:// or https://.',
        back,
      )
    const outcome = await farm.acknowledgements.add({ project, of, ...wanted })
    if (outcome.kind === 'not-failing') throw notAcknowledged(sentenceOf(notFailing(of).detail), back)
    return seeOther(reply, pathOf(back))
  })

  app.post('/acknowledgements/:id/end', admin, async (request: AcknowledgementForm, reply) => {
    // If another person has already ended it, the page shows this.
    await farm.acknowledgements.end(wholeNumber(request.params.id) ?? 0)
    return seeOther(reply, pathOf(request.body?.back))
  })
}

function textsOf({ note = '', owner = '', link = '' }: Fields) {
  const address = link.trim()
  return { note: note.trim(), owner: owner.trim(), ...(address === '' ? {} : { link: address }) }
}

function acknowledgedOf({
  everywhere,
  fingerprint,
  branch = '',
  host = '',
  arch = '',
  variant = '',
}: Fields): Acknowledged {
  if (everywhere === 'yes' && fingerprint) return { kind: 'fingerprint', fingerprint }
  return { kind: 'cell', branch, host, arch, variant }
}

/** The page to return to: a path of this farm, and never an address of another site. */
const pathOf = (back: string | undefined): string => (back !== undefined && /^\/(?![/\\])/.test(back) ? back : '/')

const notAcknowledged = (text: string, back: string | undefined) =>
  new PageError(409, { title: 'The failure was not acknowledged', text, next: { href: pathOf(back), text: 'Back' } })
