/** The bytes of a log. The class joins them only when a test reads them. */
export class Log {
  length = 0
  private parts: Buffer[] = []

  add(bytes: Buffer) {
    this.parts.push(bytes)
    this.length += bytes.length
  }

  get bytes(): Buffer {
    this.parts = [Buffer.concat(this.parts)]
    return this.parts[0] as Buffer
  }

  cut(length: number) {
    this.parts = [this.bytes.subarray(0, length)]
    this.length = length
  }

  toString() {
    return this.bytes.toString('latin1')
  }
}
