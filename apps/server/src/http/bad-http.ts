import type { Socket } from 'node:net'

type Answer = [status: string, text: string]

const notHttp: Answer = ['400 Bad Request', 'this is not HTTP/1.1, or it is malformed: check the client']
const answers: Record<string, Answer> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'the headers have more than 16 KB: send fewer or shorter headers',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not arrive within a minute: repeat it'],
}

/**
 * Answers data that Node cannot parse as a request. The server does not know whether a person or a program sent the
 * data, so the answer is plain text.
 */
export function answerBadHttp({ code }: { code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, text] = answers[code ?? ''] ?? notHttp
  const headers = `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${text.length + 1}\r\nConnection: close`
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${text}\n`)
}
