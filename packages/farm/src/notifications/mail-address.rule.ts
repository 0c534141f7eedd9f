import { mailPattern } from '@rumpfarm/contracts'

const addressMax = 254
const form = new RegExp(mailPattern)
/** Domains that can never receive mail (RFC 2606, RFC 6762, and the names of machines that git uses as a default). */
const unreachable = /(^|\.)(localhost|localdomain|local|internal|lan|home|invalid|example|test|none)$/

/**
 * Says why the farm cannot send mail to an address; null if it can. Forges give commits addresses that receive no mail,
 * and git takes `user@machine` if nobody configured an address.
 */
export function addressProblem(address: string): string | null {
  if (address.length > addressMax || !form.test(address)) return 'it is not a mail address'
  const [local = '', domain = ''] = address.toLowerCase().split('@')
  if (domain.split('.').some(label => /no-?reply/.test(label)) || /^(no-?reply|do-?not-?reply)([+.-]|$)/.test(local))
    return 'it is a noreply address'
  if (!domain.includes('.') || domain.includes('..') || unreachable.test(domain) || /\.\d+$/.test(domain))
    return 'its domain receives no mail'
  return null
}
