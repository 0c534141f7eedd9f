import { segment } from './escape.ts'
import { Link } from './links.tsx'

/** The style sheet cuts a long name, and the title shows the whole name. */
export const HostLink = ({ name }: { name: string }) => (
  <Link class="host" to={`/hosts/${segment(name)}`} title={name}>
    {name}
  </Link>
)
