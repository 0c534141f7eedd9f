/**
 * Signed requests' text forms (docs/agent-protocol.md, "Signed requests"): what is signed of a request and of its answer, and
 * where the signature stands. The keys and the arithmetic are the farm's and the host's own.
 */
export interface RequestSignature {
  /** A host's name; at enrolment the invitation's public id. */
  by: string
  /** Seconds since the epoch, as the sender believes. */
  time: number
  /** Names one process of a host, and counts its requests. */
  run: string
  count: number
  nonce: string
  signature: string
  /** The request's target without its signature. */
  target: string
}

const form =
  /^(\/[^?#]*\?(?:[^#]*&)?by=([A-Za-z0-9._-]{1,64})&time=(0|[1-9]\d{0,9})&nonce=(([A-Za-z0-9-]{1,64})\.([1-9]\d{0,8})))&sig=([0-9a-f]{64})$/

/** The signature at the end of a request's target; undefined: it is not signed, or not in this form. */
export function readSignature(target: string): RequestSignature | undefined {
  const [, unsigned, by, time, nonce, run, count, signature] = form.exec(target) ?? []
  if (!unsigned || !by || !time || !nonce || !run || !count || !signature) return undefined
  return { by, time: Number(time), run, count: Number(count), nonce, signature, target: unsigned }
}

/** What is signed of a request; `bodySum` is the sha256 of its body, in hexadecimal. */
export const requestText = (method: string, target: string, bodySum: string): string =>
  `${method} ${target}\n${bodySum}\n`

/** What is signed of an answer: the request's nonce, and every line before the signature. */
export const answerText = (nonce: string, lines: string): string => `answer ${nonce}\n${lines}`

const end = 'end\n'

/** An answer with its signature as the line before `end`; `sign` is given what is to be signed. */
export function signAnswer(answer: string, nonce: string, sign: (text: string) => string): string {
  if (!answer.endsWith(`\n${end}`)) return answer
  const lines = answer.slice(0, -end.length)
  return `${lines}sig ${sign(answerText(nonce, lines))}\n${end}`
}

/**
 * A key is written with the letters a to p, four bits each: xored with HMAC's pads, each of them is a printable character, so
 * that a shell makes the pads with one tr and can hold them in a variable.
 */
export const keyLetters = (hexadecimal: string): string =>
  hexadecimal.replace(/[0-9a-f]/g, digit => 'abcdefghijklmnop'.charAt(Number.parseInt(digit, 16)))
