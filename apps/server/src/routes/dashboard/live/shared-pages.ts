import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Bus } from '../../../events/bus.ts'
import { type Freshness, MatrixMemory } from '../../../events/matrix-memory.ts'
import { addVary, type Coding, codingOf, compress } from '../../../http/compression.ts'
import { matches } from '../../../http/etag.ts'
import { sendPage, sendUnchangedPage } from '../send-page.ts'
import { momentOf } from './known-moment.ts'

/** A page of visitors who are not signed in, with everything that each answer needs. */
interface SharedPage {
  html: Buffer
  etag: string
  since: string
  compressed: Map<Coding, Promise<Buffer>>
}

/** The time of the page's state, in milliseconds since the epoch. A browser also gets it with the status 304. */
const sinceHeader = 'x-page-since'

/** If the farm changes all the time, requests without a known moment make this many pages, and then one a second. */
const burst = 30

export interface SharedPagesOptions {
  /** Shares a page only between browsers that load it after an event. Other requests always get a new page. */
  onlyAfterEvents?: boolean
}

/**
 * Makes a page once for all visitors who are not signed in, and compresses it once. A page without changes has the same
 * ETag, even if it is newer. What a page shows to these visitors may depend only on its address.
 */
export class SharedPages {
  readonly #memory: MatrixMemory<SharedPage>
  readonly #options: SharedPagesOptions
  #newPages = burst
  #countedAt = performance.now()

  constructor(bus: Bus, options: SharedPagesOptions = {}) {
    this.#memory = new MatrixMemory(bus)
    this.#options = options
  }

  /**
   * Answers with the page of this address. `make` returns its HTML, made from data that are fresh enough; undefined: made
   * from the present data.
   */
  async send(
    request: FastifyRequest,
    reply: FastifyReply,
    make: (wanted: Freshness | undefined) => Promise<string>,
  ): Promise<FastifyReply> {
    const moment = momentOf(request)
    // Pages from now on are newer than the event of another server, so all visitors who come later share one.
    if (moment?.eventsAreLate) await sleep(moment.from - performance.now())
    if (request.visitor.kind !== 'anyone' || (this.#options.onlyAfterEvents && moment === undefined))
      return sendPage(reply, await make(moment))
    const wanted = moment ?? (this.#mayMakeNew() ? undefined : { from: 0 })
    const makePage = async (next?: Freshness) => {
      if (!next) this.#newPages-- // there is at most one next page for each remembered page
      return pageOf(await make(next ?? wanted))
    }
    // A page can contain the address of the farm that its reader used.
    const key = `${request.protocol}://${request.host}${request.url}`
    const { value: page } = await this.#memory.get(key, makePage, wanted)
    return answer(request, reply, page)
  }

  close(): void {
    this.#memory.close()
  }

  #mayMakeNew(): boolean {
    const now = performance.now()
    this.#newPages = Math.min(burst, Math.max(0, this.#newPages) + Math.max(0, now - this.#countedAt) / 1000)
    this.#countedAt = now
    return this.#newPages >= 1
  }
}

function pageOf(html: string): SharedPage {
  const since = /<main id="main" data-since="(\d+)"/.exec(html)?.[1] ?? ''
  const etag = `W/"${createHash('sha1').update(withoutTimes(html)).digest('base64url')}"`
  return { html: Buffer.from(html), etag, since, compressed: new Map() }
}

/** Removes the time of the page's state, which is in two places. */
const withoutTimes = (html: string): string =>
  html.replace(/<main id="main" data-since="\d+"/, '').replace(/<footer><span>Updated <time [^>]*>[^<]*/, '')

async function answer(request: FastifyRequest, reply: FastifyReply, page: SharedPage): Promise<FastifyReply> {
  reply.header('etag', page.etag).header(sinceHeader, page.since)
  addVary(reply, 'Accept-Encoding')
  if (matches(request.headers['if-none-match'], page.etag)) return sendUnchangedPage(reply)
  const coding = codingOf(request)
  if (coding === undefined) return sendPage(reply, page.html)
  const known = page.compressed.get(coding) ?? compress[coding](page.html)
  page.compressed.set(coding, known)
  return sendPage(reply.header('content-encoding', coding), await known)
}
