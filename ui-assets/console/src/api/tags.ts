/** The shop's service tags and how much they are used. */
import { request } from './client'
import { shopPath, type Schemas } from './work'

export type UsedTag = Schemas['TagView']
/** Characters of a name. */
export const TAG_MOST = 20

export const loadUsedTags = (shop: number) => request<UsedTag[]>(shopPath(shop, '/tags'))
export const loadUsedTag = (shop: number, id: number) => request<UsedTag>(shopPath(shop, `/tags/${id}`))
export const addTag = (shop: number, name: string) => request<UsedTag>(shopPath(shop, '/tags'), { method: 'POST', body: { name } })
export const renameTag = (shop: number, id: number, name: string) => request<UsedTag>(shopPath(shop, `/tags/${id}`), { method: 'PATCH', body: { name } })
/** What it was: how many customers lost it. */
export const removeTag = (shop: number, id: number) => request<UsedTag>(shopPath(shop, `/tags/${id}`), { method: 'DELETE', body: {} })
