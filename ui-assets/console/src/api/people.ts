/** Requests about many customers: list, count, tags in bulk, behaviours, contact. */
import { request } from './client'
import type { Behaviour, ConversationView, CustomerView } from './types'
import { search, shopPath } from './work'
import type { CustomerFilter } from '@/work/filter'

export interface CustomerRow {
  customer: CustomerView
  channels: Array<{ id: number; plugin: string; name: string }>
  last_contact: number
  /** The open conversations with their owners; nobody while one waits. */
  open: Array<{ conversation: number; owner: number | null }>
}

/** One of the two: what fits a filter, or these. */
export type Chosen = { filter: Partial<CustomerFilter> } | { ids: number[] }

/** A filter as a query string has it. */
export const filterQuery = ({ tags, behaviour, ...rest }: Partial<CustomerFilter>) => ({
  ...rest,
  tags: tags?.join(','),
  behaviour: behaviour?.kind,
  behaviour_since: behaviour?.since,
})

export const loadPeople = (shop: number, filter: Partial<CustomerFilter>, after: string | null, signal?: AbortSignal) =>
  request<{ rows: CustomerRow[]; next: string | null }>(shopPath(shop, `/customers${search({ ...filterQuery(filter), after, limit: 100 })}`), signal ? { signal } : {})

export const countPeople = (shop: number, filter: Partial<CustomerFilter>, signal?: AbortSignal) =>
  request<{ count: number }>(shopPath(shop, `/customers/count${search(filterQuery(filter))}`), signal ? { signal } : {})

export const tagPeople = (shop: number, chosen: Chosen, changes: { add: number[]; remove: number[] }) =>
  request<{ changed: number }>(shopPath(shop, '/customers/tags'), { method: 'POST', body: { ...chosen, ...changes } })

export const loadBehaviours = (shop: number, customer: number, before: string | null, signal?: AbortSignal) =>
  request<{ behaviours: Behaviour[]; next: string | null }>(shopPath(shop, `/customers/${customer}/behaviours${search({ before, limit: 50 })}`), signal ? { signal } : {})

/** 联系TA: a conversation with the customer, or a refusal that says why not. */
export const contact = (shop: number, customer: number) => request<ConversationView>(shopPath(shop, `/customers/${customer}/contact`), { method: 'POST', body: {} })
