import type { FastifyInstance } from 'fastify'
import { noteReceived } from './collect-garbage.ts'

/**
 * Parses a body into the list of pieces in which it arrives. To join the pieces, the server would make a second copy of
 * each chunk of a log. Such copies are outside of V8's heap, but they make V8 collect its whole heap. The collections
 * take a third of the time that the server needs for a megabyte of log.
 */
export function parseBodiesAsPieces(app: FastifyInstance, bytesMax: number): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    const pieces: Buffer[] = []
    let bytes = 0
    const end = (problem: Error | null) => {
      payload.off('data', addPiece).off('end', complete).off('error', fail)
      done(problem, pieces)
    }
    const addPiece = (piece: Buffer) => {
      bytes += piece.length
      if (bytes > bytesMax) end(withStatus(413, new Error('the body is too large')))
      else pieces.push(withOwnMemory(piece))
    }
    const complete = () => {
      noteReceived(bytes)
      end(null)
    }
    const fail = (error: Error) => end(withStatus(400, error))
    payload.on('data', addPiece).on('end', complete).on('error', fail)
  })
}

// Node usually gives each piece its own memory. Other pieces must be copied, because the bytes in a shared buffer could
// change before they are on the disk.
const withOwnMemory = (piece: Buffer) => (piece.buffer.byteLength === piece.length ? piece : Buffer.from(piece))

const withStatus = (statusCode: number, error: Error) => Object.assign(error, { statusCode })
