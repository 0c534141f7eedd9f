import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fault } from './faults.ts'

export type Answer = { err?: string; lines?: string[] }
export const ok = (...lines: string[]): Answer => ({ lines })
export const err = (text: string, ...lines: string[]): Answer => ({ err: text, lines })

/** Sends the answer, changed by the fault if there is one. */
export const send = (request: IncomingMessage, response: ServerResponse, answer: Answer, fault: Fault | undefined) => {
  if (fault === 'lost-answer') return request.socket.destroy()
  let text = [answer.err ? `err ${answer.err}` : 'ok', ...(answer.lines ?? []), 'end', ''].join('\n')
  if (fault === 'cut-answer') text = text.slice(0, -6)
  if (typeof fault === 'object' && 'answer' in fault) text = fault.answer
  if (typeof fault === 'object' && 'status' in fault) {
    response.writeHead(fault.status, { 'content-length': Buffer.byteLength(fault.body) })
    return response.end(fault.body)
  }
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(text) })
  return response.end(text)
}
