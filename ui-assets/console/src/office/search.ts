/** What is looked for in the messages: as a person chooses, as the address keeps it, as the server is asked. Pure. */
import { LEAST, MOST, type Asked, type Found } from '@/api/search'

export const SPANS = ['1d', '7d', '30d', '90d'] as const
export type Span = (typeof SPANS)[number]

export interface Wanted {
  words: string
  agent: number | null
  channel: number | null
  /** One of the spans, or days. */
  span: Span | ''
  /** `2026-11-24` in the reader's time, both whole days. */
  from: string
  to: string
}

export const nothing = (): Wanted => ({ words: '', agent: null, channel: null, span: '', from: '', to: '' })
/** Characters, as the server counts them. */
export const lengthOf = (words: string): number => [...words.trim()].length
export const isAskable = ({ words }: Wanted): boolean => lengthOf(words) >= LEAST
export const isNarrowed = (wanted: Wanted): boolean => wanted.agent !== null || wanted.channel !== null || wanted.span !== '' || wanted.from !== '' || wanted.to !== ''

export function toQuery(wanted: Wanted): Record<string, string> {
  const { words, agent, channel, span, from, to } = wanted
  const kept = { q: words.trim(), agent: String(agent ?? ''), channel: String(channel ?? ''), span, from: span ? '' : from, to: span ? '' : to }
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== ''))
}

type Raw = Record<string, unknown>
const text = (raw: Raw, name: string) => (typeof raw[name] === 'string' ? raw[name] : '')
const id = (raw: Raw, name: string) => (/^\d{1,15}$/.test(text(raw, name)) ? Number(text(raw, name)) : null)
const day = (raw: Raw, name: string) => (/^\d{4}-\d\d-\d\d$/.test(text(raw, name)) && !Number.isNaN(startOf(text(raw, name))) ? text(raw, name) : '')

/** From an address somebody may have written by hand. */
export function fromQuery(raw: Raw): Wanted {
  return {
    words: [...text(raw, 'q')].slice(0, MOST).join(''), agent: id(raw, 'agent'), channel: id(raw, 'channel'),
    span: SPANS.find((span) => span === text(raw, 'span')) ?? '', from: day(raw, 'from'), to: day(raw, 'to'),
  }
}

const DAY_MS = 86_400_000
const startOf = (date: string) => new Date(`${date}T00:00:00`).getTime()

function endOf(date: string) {
  const next = new Date(`${date}T00:00:00`)
  // Not a day in milliseconds later: some days have 23 hours.
  next.setDate(next.getDate() + 1)
  return next.getTime() - 1
}

export function toAsked({ words, agent, channel, span, from, to }: Wanted, now: number): Asked {
  const begin = span ? now - Number.parseInt(span, 10) * DAY_MS : from ? startOf(from) : null
  return { q: words.trim(), agent, channel, from: begin, to: !span && to ? endOf(to) : null }
}

export interface FoundChat {
  key: string
  /** The newest of them: customer, channel and state are those of all. */
  first: Found
  hits: Found[]
}

/** Hits of one chat that follow each other belong together; the order stays. */
export function byChat(hits: readonly Found[]): FoundChat[] {
  const chats: FoundChat[] = []
  for (const hit of hits) {
    const last = chats[chats.length - 1]
    if (last && last.first.conversation === hit.conversation) last.hits.push(hit)
    else chats.push({ key: `${hit.conversation}.${hit.seq}`, first: hit, hits: [hit] })
  }
  return chats
}
