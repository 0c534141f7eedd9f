import type { Fetch } from './machines.ts'

/** Changes the enrolment line of the farm, so that an emulated host downloads the agent with this program. */
export function enrolmentBy(fetch: Fetch): (line: string) => string {
  return line => {
    const [, url = '', token] = /^curl -fsS (\S+)\/agent\.sh \| sh -s -- enroll (\S+)$/.exec(line) ?? []
    if (!token) throw new Error(`this is not the line that the farm shows: ${line}`)
    return `${commands[fetch](url)} | sh -s -- enroll ${token}`
  }
}

const commands: Record<Fetch, (url: string) => string> = {
  curl: url => `curl -fsS ${url}/agent.sh`,
  wget: url => `wget -qO- ${url}/agent.sh`,
  fetch: url => `fetch -qo - ${url}/agent.sh`,
  ftp: url => `ftp -Vo - ${url}/agent.sh`,
  python: url => `python3 -c 'import urllib.request as u; print(u.urlopen("${url}/agent.sh").read().decode())'`,
  openssl: url =>
    `printf 'GET /agent.sh HTTP/1.0\\r\\nHost: ${new URL(url).host}\\r\\n\\r\\n' | openssl s_client -quiet -verify_return_error -CAfile "$RUMPFARM_DIR/ca.pem" -connect ${new URL(url).host} | sed '1,/^.$/d'`,
  perl: url =>
    `perl -MIO::Socket -e '$s = IO::Socket::INET->new("${new URL(url).host}"); print $s "GET /agent.sh HTTP/1.0\\r\\nHost: ${new URL(url).host}\\r\\n\\r\\n"; $/ = "\\r\\n\\r\\n"; <$s>; undef $/; print <$s>'`,
}
