/** Which customers are meant: as a person chooses, as the address of the page keeps it, as the server is asked. Pure. */
import type { Behaviour, Gender } from '@/api/types'

export interface CustomerFilter {
  words: string
  served_by: number | null
  tags: number[]
  channel: number | null
  plugin: string | null
  behaviour: { kind: Behaviour['action']; since?: number | null } | null
  gender: Gender | null
  region: string
  contact_from: number | null
  contact_to: number | null
  blacklisted: boolean | null
  open: boolean | null
}
export type Deed = Behaviour['action']

/** Times are kept as words, so that a kept address means the same tomorrow. */
export const CONTACTS = ['1d', '2d', '7d', '30d', '90d', 'older30', 'older90'] as const
export type Contact = (typeof CONTACTS)[number]
export const SINCE = ['', '1d', '2d', '7d', '30d', '90d'] as const
export type Since = (typeof SINCE)[number]
export const DEEDS: readonly Deed[] = ['follow', 'unfollow', 'scan', 'menu_click', 'menu_view', 'location', 'page_view']
export const GENDERS: readonly Gender[] = ['male', 'female', 'unknown']

export interface Choice {
  words: string
  agent: number | null
  tags: number[]
  channel: number | null
  deed: Deed | ''
  since: Since
  contact: Contact | ''
  gender: Gender | ''
  region: string
  blocked: '' | 'yes' | 'no'
  open: '' | 'yes' | 'no'
}

export const nothing = (): Choice => ({
  words: '', agent: null, tags: [], channel: null, deed: '', since: '', contact: '', gender: '', region: '', blocked: '', open: '',
})

export type Chip = 'tags' | 'agent' | 'deed' | 'channel' | 'contact' | 'gender' | 'region' | 'blocked' | 'open'
export const CHIPS: readonly Chip[] = ['tags', 'agent', 'deed', 'channel', 'contact', 'gender', 'region', 'blocked', 'open']

/** Whether a chip holds something. */
export const holds = (choice: Choice, chip: Chip): boolean => (chip === 'tags' ? choice.tags.length > 0 : choice[chip] !== '' && choice[chip] !== null)
export const isEmpty = (choice: Choice): boolean => choice.words.trim() === '' && !CHIPS.some((chip) => holds(choice, chip))

export function without(choice: Choice, chip: Chip): Choice {
  const empty = nothing()
  return { ...choice, [chip]: empty[chip], ...(chip === 'deed' ? { since: '' as const } : {}) }
}

type Kept = Record<string, string>

/** For the address; empty parts are left out. */
export function toQuery(choice: Choice): Kept {
  const kept: Kept = {
    q: choice.words.trim(), agent: String(choice.agent ?? ''), tags: choice.tags.join('.'), channel: String(choice.channel ?? ''), did: choice.deed,
    since: choice.deed ? choice.since : '', contact: choice.contact, gender: choice.gender, region: choice.region.trim(), blocked: choice.blocked, open: choice.open,
  }
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== ''))
}

type Raw = Record<string, unknown>
const text = (raw: Raw, name: string, most = 64) => (typeof raw[name] === 'string' ? raw[name].slice(0, most) : '')
const id = (raw: Raw, name: string) => (/^\d{1,15}$/.test(text(raw, name)) ? Number(text(raw, name)) : null)
const oneOf = <T extends string>(known: readonly T[], raw: Raw, name: string): T | '' => known.find((value) => value === text(raw, name)) ?? ''

/** From an address somebody may have written by hand. */
export function fromQuery(raw: Raw): Choice {
  return {
    words: text(raw, 'q'),
    agent: id(raw, 'agent'),
    tags: text(raw, 'tags', 400).split('.').filter((part) => /^\d{1,15}$/.test(part)).slice(0, 20).map(Number),
    channel: id(raw, 'channel'),
    deed: oneOf(DEEDS, raw, 'did'),
    since: oneOf(SINCE, raw, 'since') || '',
    contact: oneOf(CONTACTS, raw, 'contact'),
    gender: oneOf(GENDERS, raw, 'gender'),
    region: text(raw, 'region'),
    blocked: oneOf(['yes', 'no'] as const, raw, 'blocked'),
    open: oneOf(['yes', 'no'] as const, raw, 'open'),
  }
}

const DAY_MS = 86_400_000
const daysOf = (span: string) => Number(span.replace(/\D/g, ''))
const yes = (word: '' | 'yes' | 'no') => word === 'yes'

/** What the server is asked, with times as they are now. */
export function toFilter(choice: Choice, now: number): Partial<CustomerFilter> {
  const filter: Partial<CustomerFilter> = {}
  if (choice.words.trim()) filter.words = choice.words.trim()
  if (choice.agent !== null) filter.served_by = choice.agent
  if (choice.tags.length) filter.tags = [...choice.tags]
  if (choice.channel !== null) filter.channel = choice.channel
  if (choice.deed) filter.behaviour = { kind: choice.deed, since: choice.since ? now - daysOf(choice.since) * DAY_MS : null }
  if (choice.gender) filter.gender = choice.gender
  if (choice.region.trim()) filter.region = choice.region.trim()
  if (choice.contact.startsWith('older')) filter.contact_to = now - daysOf(choice.contact) * DAY_MS
  else if (choice.contact) filter.contact_from = now - daysOf(choice.contact) * DAY_MS
  if (choice.blocked) filter.blacklisted = yes(choice.blocked)
  if (choice.open) filter.open = yes(choice.open)
  return filter
}
