/**
 * The farm's name for each processor. `uname -m` reports the processor. On systems where `uname -m` names a machine,
 * `uname -p` reports the processor. Source: the uname fields of the hosts in docs/hosts.md.
 */
const families: [RegExp, string][] = [
  [/^(x86_64|amd64|x86-64|i86pc-64)$/, 'amd64'],
  [/^(i[3-9]86|x86|i86pc|bepc)$/, 'i386'],
  [/^(aarch64|arm64|evbarm64)/, 'arm64'],
  [/^(arm|evbarm|earm)/, 'arm'],
  [/^(ppc64le|powerpc64le)$/, 'ppc64le'],
  [/^(ppc64|powerpc64)$/, 'ppc64'],
  [/^(ppc|powerpc|macppc|Power Macintosh)$/, 'ppc'],
  [/^mips64el$/, 'mips64el'],
  [/^mips64/, 'mips64'],
  [/^(mipsel|pmax)$/, 'mipsel'],
  [/^(mips|sgimips)$/, 'mips'],
  [/^(sparc64|sun4u|sun4v)$/, 'sparc64'],
  [/^(sparc|sun4[a-z]*)$/, 'sparc'],
  [/^s390x$/, 's390x'],
  [/^riscv64$/, 'riscv64'],
  [/^(loongarch64)$/, 'loongarch64'],
]

/** The arch that a host builds for natively. The host's owner can choose another arch in host.conf. */
export function nativeArch(facts: { uname_m?: string; uname_p?: string }): string {
  for (const field of [facts.uname_m, facts.uname_p]) {
    const family = families.find(([pattern]) => field !== undefined && pattern.test(field))
    if (family) return family[1]
  }
  const name = (facts.uname_m ?? '').replace(/[^A-Za-z0-9._+-]/g, '-').replace(/^[.-]+/, '')
  return name.slice(0, 64) || 'unknown'
}
