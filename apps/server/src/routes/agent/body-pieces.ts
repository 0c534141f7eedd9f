import type { FastifyInstance } from 'fastify'
import { noteReceived } from './young-garbage.ts'

/**
 * Bodies as the list of the pieces in which they came. Joined into one, each chunk of a log is allocated and copied a
 * second time, and it is the bytes outside of V8's heap that make it collect garbage, in all of the heap: a third of
 * what a megabyte of log cost.
 */
export function takePieces(app: FastifyInstance, bytesMax: number): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    const pieces: Buffer[] = []
    let bytes = 0
    const end = (problem: Error | null) => {
      payload.off('data', take).off('end', whole).off('error', broken)
      done(problem, pieces)
    }
    const take = (piece: Buffer) => {
      bytes += piece.length
      if (bytes > bytesMax) end(withStatus(413, new Error('the body is too large')))
      else pieces.push(owned(piece))
    }
    const whole = () => {
      noteReceived(bytes)
      end(null)
    }
    const broken = (error: Error) => end(withStatus(400, error))
    payload.on('data', take).on('end', whole).on('error', broken)
  })
}

// Node gives each piece memory of its own; a view of a buffer that is used again must not wait for the disk.
const owned = (piece: Buffer) => (piece.buffer.byteLength === piece.length ? piece : Buffer.from(piece))

const withStatus = (statusCode: number, error: Error) => Object.assign(error, { statusCode })
