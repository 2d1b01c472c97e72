/** Requests about many customers: list, count, tags in bulk, behaviours, contact. */
import { request } from './client'
import type { Behaviour, ConversationChannel, ConversationView, CustomerView, Gender } from './types'
import { search, shopPath } from './work'
import type { CustomerFilter } from '@/office/filter'

export interface Contactable {
  possible: boolean
  channel: number | null
  until: number | null
  left: number | null
  code: string | null
  reason: string | null
}

/** A customer in the list. */
export type Person = CustomerView & {
  gender: Gender
  phone: string | null
  channels: ConversationChannel[]
  last_contact: number
  last_agent: number | null
  last_agent_name: string | null
  contact: Contactable
  /** The open conversation; nobody owns one that waits. */
  open: { conversation: number; state: ConversationView['state']; owner: number | null; owner_name: string | null } | null
}

/** One of the two: what fits a filter, or these. */
export type Chosen = { filter: Partial<CustomerFilter> } | { ids: number[] }
/** The most that can be named one by one. */
export const NAMED_MOST = 500

/** A filter as a query string has it. */
export const filterQuery = ({ tags, behaviour, ...rest }: Partial<CustomerFilter>) => ({
  ...rest,
  tags: tags?.join(','),
  behaviour: behaviour?.kind,
  behaviour_since: behaviour?.since,
})

export const loadPeople = (shop: number, filter: Partial<CustomerFilter>, after: string | null, signal?: AbortSignal, limit = 100) =>
  request<{ rows: Person[]; next: string | null }>(shopPath(shop, `/customers${search({ ...filterQuery(filter), after, limit })}`), signal ? { signal } : {})

export const countPeople = (shop: number, filter: Partial<CustomerFilter>, signal?: AbortSignal) =>
  request<{ count: number }>(shopPath(shop, `/customers/count${search(filterQuery(filter))}`), signal ? { signal } : {})

interface Tagged {
  matched: number
  done: number
  changed: number
  unchanged: number
  missing: number
  full: number
  next: number | null
}

/** Goes through everybody in the server's portions; `progress` is told how far it has come. */
export async function tagPeople(shop: number, chosen: Chosen, changes: { add: number[]; remove: number[] }, progress: (done: number, of: number) => void): Promise<{ changed: number; full: number }> {
  const sum = { changed: 0, full: 0 }
  for (let after: number | null = null; ; ) {
    const body: Record<string, unknown> = { ...chosen, ...changes, ...(after === null ? {} : { after }) }
    const part: Tagged = await request<Tagged>(shopPath(shop, '/customers/tags'), { method: 'POST', body })
    sum.changed += part.changed
    sum.full += part.full
    progress(part.done, part.matched)
    after = part.next ?? null
    if (after === null) return sum
  }
}

export const loadBehaviours = (shop: number, customer: number, before: string | null, signal?: AbortSignal) =>
  request<{ rows: Behaviour[]; next: string | null }>(shopPath(shop, `/customers/${customer}/behaviours${search({ before, limit: 50 })}`), signal ? { signal } : {})

/** 联系TA: a conversation with the customer, or a refusal that says why not. */
export const contact = (shop: number, customer: number) => request<ConversationView>(shopPath(shop, `/customers/${customer}/contact`), { method: 'POST', body: {} })
