import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { connectSocket, type Guard } from './guard.ts'

/** The protocol allows 512 bytes for a line, and 8,191 for its tags. */
const lineBytesMax = 16_384

export interface IrcServer {
  host: string
  port: number
  tls: boolean
}

/**
 * The connection of irc-framework to a server. The library's own connection does not check the address, and keeps a line
 * without end in memory.
 */
export const ircTransport = (guard: Guard, server: IrcServer) =>
  class extends EventEmitter {
    #socket: Socket | undefined
    #isOpen = false
    #error: Error | false = false
    #rest = ''

    connect() {
      try {
        this.#socket = connectSocket(guard, server)
      } catch (error) {
        process.nextTick(() => this.emit('close', error))
        return
      }
      const socket = this.#socket.setEncoding('utf8')
      socket.on(server.tls ? 'secureConnect' : 'connect', () => {
        this.#isOpen = true
        this.emit('open')
      })
      socket.on('data', text => this.#read(String(text)))
      socket.on('error', error => {
        this.#error = error
      })
      socket.on('close', () => {
        this.#isOpen = false
        this.emit('close', this.#error)
      })
    }

    #read(text: string) {
      const lines = (this.#rest + text).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.emit('line', line)
      if (this.#rest.length > lineBytesMax) this.#socket?.destroy(new Error('the line is too long'))
    }

    writeLine(line: string, callback?: () => void) {
      if (this.#isOpen) this.#socket?.write(`${line}\r\n`, callback)
      else if (callback) process.nextTick(callback)
    }

    isConnected() {
      return this.#isOpen
    }

    close(force = false) {
      if (force || !this.#isOpen) this.#socket?.destroy()
      else this.#socket?.end()
    }

    disposeSocket() {
      this.#socket?.removeAllListeners()
      this.#socket?.on('error', () => {}) // without a listener, an error would end the process
      this.#socket?.destroy()
    }

    setEncoding() {
      return true // always UTF-8
    }
  }
