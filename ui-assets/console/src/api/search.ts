/** Search over all messages of a shop. */
import { request } from './client'
import { search, shopPath, type Schemas } from './work'

export type Found = Schemas['FoundView']
export type Line = Schemas['LineView']
export type SearchPage = Schemas['SearchView']

export interface Asked {
  q: string
  agent: number | null
  channel: number | null
  /** Unix milliseconds. */
  from: number | null
  to: number | null
}

/** Words shorter than this are not looked for; longer ones are cut by the field. */
export const LEAST = 2
export const MOST = 64

export const searchMessages = (shop: number, asked: Asked, after: string | null, limit: number, signal?: AbortSignal) =>
  request<SearchPage>(shopPath(shop, `/search${search({ ...asked, after, limit })}`), signal ? { signal } : {})
