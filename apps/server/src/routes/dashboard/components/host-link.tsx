import { segment } from './escape.ts'
import { Link } from './links.tsx'

/** The style sheet cuts a long name; the title shows it whole. */
export const HostLink = ({ name }: { name: string }) => (
  <Link class="host" to={`/hosts/${segment(name)}`} title={name}>
    {name}
  </Link>
)
