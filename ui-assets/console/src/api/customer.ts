/** Requests about one customer and about the tags customers can have. */
import { request } from './client'
import type { Annotation, CustomerDetail, CustomerView, Gender, MessageView, Tag } from './types'

const shopPath = (shop: number) => `/api/shops/${shop}`
const customerPath = (shop: number, id: number) => `${shopPath(shop)}/customers/${id}`

export interface CustomerChanges {
  name?: string
  remark?: string
  gender?: Gender
  phone?: string
  address?: string
}

export const loadCustomer = (shop: number, id: number) => request<CustomerDetail>(customerPath(shop, id))

export const updateCustomer = (shop: number, id: number, changes: CustomerChanges) =>
  request<CustomerView>(customerPath(shop, id), { method: 'PATCH', body: changes })

/** Reads name, picture and tags anew from the channel. */
export const refreshCustomer = (shop: number, id: number) =>
  request<CustomerDetail>(`${customerPath(shop, id)}/refresh`, { method: 'POST' })

export const setTags = (shop: number, id: number, tags: number[]) =>
  request<CustomerView>(`${customerPath(shop, id)}/tags`, { method: 'PUT', body: { tags } })

export const setBlocked = (shop: number, id: number, blocked: boolean) =>
  request<CustomerView>(`${customerPath(shop, id)}/blocked`, { method: 'PUT', body: { blocked } })

export const annotate = (shop: number, id: number, text: string) =>
  request<Annotation>(`${customerPath(shop, id)}/annotations`, { method: 'POST', body: { text } })

export const loadTags = (shop: number) => request<Tag[]>(`${shopPath(shop)}/tags`)

export const createTag = (shop: number, name: string) => request<Tag>(`${shopPath(shop)}/tags`, { method: 'POST', body: { name } })

export interface RecordsQuery {
  keyword: string
  agent: number | null
  from: number | null
  to: number | null
  before: string | null
}
/** A message with the channel it came or went by. */
export type RecordMessage = MessageView & { channel: number }
export interface RecordsPage {
  messages: RecordMessage[]
  more: boolean
  next: string | null
}

export function loadRecords(shop: number, customer: number, query: RecordsQuery, signal?: AbortSignal): Promise<RecordsPage> {
  const search = new URLSearchParams({ limit: '30' })
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== '') search.set(name, String(value))
  return request<RecordsPage>(`${customerPath(shop, customer)}/records?${search.toString()}`, signal ? { signal } : {})
}
