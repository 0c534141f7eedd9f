import type { Visit } from '../visit.ts'
import { segment } from './escape.ts'
import { CsrfField, Form } from './links.tsx'

interface Props {
  visit: Visit
  project: string
  /** The commit to build again. Without it, the farm builds the newest commit of the project's first branch. */
  commit?: string
  hosts: readonly string[]
  arches: readonly string[]
  variants: readonly string[]
}

/** A form that starts a build of one host, arch or variant. */
export const BuildCellForm = ({ visit, project, commit, hosts, arches, variants }: Props) => (
  <details>
    <summary>Build one cell</summary>
    <Form class="action" to={`/projects/${segment(project)}/trigger`}>
      <CsrfField visit={visit} />
      {commit !== undefined && <input type="hidden" name="ref" value={commit} />}
      {commit !== undefined && <input type="hidden" name="again" value="yes" />}
      <Choice name="host" label="Host" all="all hosts" values={hosts} />
      <Choice name="arch" label="Architecture" all="all architectures" values={arches} />
      <Choice name="variant" label="Variant" all="all variants" values={variants} />
      <button type="submit">Build this cell</button>
    </Form>
  </details>
)

const Choice = ({
  name,
  label,
  all,
  values,
}: {
  name: string
  label: string
  all: string
  values: readonly string[]
}) => (
  <label>
    {label}{' '}
    <select name={name}>
      <option value="">{all}</option>
      {values.map(value => (
        <option value={value}>{value}</option>
      ))}
    </select>{' '}
  </label>
)
