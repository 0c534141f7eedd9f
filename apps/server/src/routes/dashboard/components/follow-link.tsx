import type { Visit } from '../visit.ts'
import { Link } from './links.tsx'

export interface FollowedPlace {
  project?: string | undefined
  branch?: string | undefined
  host?: string | undefined
  arch?: string | undefined
  variant?: string | undefined
}

/** A link to the form for messages by mail; nothing if the farm cannot send mail to people. */
export function FollowLink({ visit, what, ...place }: { visit: Visit; what: string } & FollowedPlace) {
  if (!visit.follows) return null
  const given = Object.entries(place).filter(([, value]) => value !== undefined) as [string, string][]
  return (
    <p>
      <Link to={`/subscriptions?${new URLSearchParams(given)}`}>Follow {what} by mail</Link>
    </p>
  )
}
