import { Feed } from 'feed'
import { escapeHtml } from '../dashboard/components/escape.ts'
import { plainText } from './plain-text.ts'

export interface FeedEntry {
  /** Never changes, so that a reader shows each entry once. */
  id: string
  title: string
  url: string
  publishedAt: Date
  updatedAt: Date
  /** The content as HTML, and the same as plain text. */
  html: string
  text: string
  /** Words that a reader can filter by. */
  tags: string[]
}

export interface FeedDocument {
  id: string
  title: string
  pageUrl: string
  /** The address of the feed in this format. */
  feedUrl(extension: 'atom' | 'json'): string
  /** Newest first. */
  entries: readonly FeedEntry[]
}

/** The time of the newest change. A feed without entries never changed. */
export const updatedAt = ({ entries }: Pick<FeedDocument, 'entries'>): Date =>
  new Date(entries.reduce((time, entry) => Math.max(time, entry.updatedAt.getTime()), 0))

/**
 * Writes Atom (RFC 4287). The library escapes element texts and the ends of CDATA, but it writes titles of entries as HTML,
 * and does not escape `<` in categories.
 */
export function atomOf(document: FeedDocument): string {
  const { id, title, pageUrl, feedUrl, entries } = document
  const feed = new Feed({
    id,
    title: plainText(title),
    link: pageUrl,
    feedLinks: { atom: feedUrl('atom') },
    updated: updatedAt(document),
    generator: 'Rumpfarm',
    author: { name: 'Rumpfarm', link: pageUrl },
  })
  for (const entry of entries)
    feed.addItem({
      id: entry.id,
      title: escapeHtml(plainText(entry.title)),
      link: entry.url,
      date: entry.updatedAt,
      published: entry.publishedAt,
      content: plainText(entry.html),
      category: entry.tags.map(tag => ({ term: escapeHtml(plainText(tag)).replaceAll('&amp;', '&') })),
    })
  return feed.atom1()
}

/** Writes JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/). */
export const jsonFeedOf = ({ title, pageUrl, feedUrl, entries }: FeedDocument): string =>
  JSON.stringify({
    version: 'https://jsonfeed.org/version/1.1',
    title: plainText(title),
    home_page_url: pageUrl,
    feed_url: feedUrl('json'),
    language: 'en',
    authors: [{ name: 'Rumpfarm', url: pageUrl }],
    items: entries.map(entry => ({
      id: entry.id,
      url: entry.url,
      title: plainText(entry.title),
      content_html: plainText(entry.html),
      content_text: plainText(entry.text),
      date_published: entry.publishedAt.toISOString(),
      date_modified: entry.updatedAt.toISOString(),
      tags: entry.tags.map(plainText),
    })),
  })
