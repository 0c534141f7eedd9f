import { execFileSync } from 'node:child_process'

const links = (): string[] =>
  execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' })
    .split('\n')
    .filter(
      line =>
        line !== '' && !/^\d+: (lo|tunl0|sit0|ip6tnl0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6gre0)[@:]/.test(line),
    )

/** Tests that cut links run in a separate network, so that they change no other link and leave no link behind. */
export default () => {
  const others = links()
  if (others.length > 0)
    throw new Error(`run ./farm network: these tests need an empty network, and this one has:\n${others.join('\n')}`)
  return () => {
    const left = links()
    if (left.length > 0) throw new Error(`tests left links behind:\n${left.join('\n')}`)
  }
}
