/**
 * A signed request (docs/agent-protocol.md, "Signed requests"). This file defines the signed text of requests and
 * answers, and the position of the signature. Keys and signatures are computed elsewhere.
 */
export interface RequestSignature {
  /** The host's name; during enrolment, the public id of the invitation. */
  by: string
  /** Seconds since 1970, by the sender's clock. */
  time: number
  /** The random name of the host's process that sends the request. */
  run: string
  /** The number of this request among the requests of that process, from 1. */
  count: number
  /** The text `RUN.COUNT`. */
  nonce: string
  /** The HMAC-SHA-256 in hexadecimal digits. */
  signature: string
  /** The request's target (path and query) without the signature. */
  target: string
}

const format =
  /^(\/[^?#]*\?(?:[^#]*&)?by=([A-Za-z0-9._-]{1,64})&time=(0|[1-9]\d{0,9})&nonce=(([A-Za-z0-9-]{1,64})\.([1-9]\d{0,8})))&sig=([0-9a-f]{64})$/

/** Reads the signature at the end of a request's target. Undefined without a signature in this format. */
export function readSignature(target: string): RequestSignature | undefined {
  const [, unsigned, by, time, nonce, run, count, signature] = format.exec(target) ?? []
  if (!unsigned || !by || !time || !nonce || !run || !count || !signature) return undefined
  return { by, time: Number(time), run, count: Number(count), nonce, signature, target: unsigned }
}

/** The signed text of a request. `bodySum` is the SHA-256 of the body, hexadecimal. */
export const requestText = (method: string, target: string, bodySum: string): string =>
  `${method} ${target}\n${bodySum}\n`

/** The signed text of an answer: the request's nonce and all lines before the signature. */
export const answerText = (nonce: string, lines: string): string => `answer ${nonce}\n${lines}`

const end = 'end\n'

/** Adds the signature to an answer, as the line before `end`. */
export function signAnswer(answer: string, nonce: string, sign: (text: string) => string): string {
  if (!answer.endsWith(`\n${end}`)) return answer
  const lines = answer.slice(0, -end.length)
  return `${lines}sig ${sign(answerText(nonce, lines))}\n${end}`
}

/**
 * Writes a key with the letters a to p, one letter for every four bits. HMAC needs the XOR of the key with two
 * constants (ipad and opad). For these letters, the XOR gives printable characters. So a shell can compute it with `tr`
 * and keep the result in a variable.
 */
export const keyLetters = (hexadecimal: string): string =>
  hexadecimal.replace(/[0-9a-f]/g, digit => 'abcdefghijklmnop'.charAt(Number.parseInt(digit, 16)))
