/** Requests of the settings pages: one's own, the shop's, entries, blacklist. */
import { request } from './client'
import { search } from './work'
import type { components } from './schema'

type Schemas = components['schemas']
export type MySettings = Schemas['AgentSettingsView']
export type ShopSettings = Schemas['ShopSettingsView']
export type Entry = Schemas['EntryView']
export type Blacklist = Schemas['BlacklistView']
export type Blocked = Schemas['BlockedView']

const base = (shop: number) => `/api/shops/${shop}`

export const loadMine = (shop: number) => request<MySettings>(`${base(shop)}/settings/mine`)

/** Changes some of one's own settings; the others stay as they are now. */
export async function saveMine(shop: number, changes: Partial<MySettings>): Promise<MySettings> {
  const now = await loadMine(shop)
  return request<MySettings>(`${base(shop)}/settings/mine`, { method: 'PUT', body: { ...now, ...changes } })
}

export const loadShop = (shop: number) => request<ShopSettings>(`${base(shop)}/settings/shop`)

export const saveShop = (shop: number, settings: ShopSettings) =>
  request<ShopSettings>(`${base(shop)}/settings/shop`, { method: 'PUT', body: settings })

export const loadEntries = (shop: number) => request<Entry[]>(`${base(shop)}/entries`)

export const switchEntry = (shop: number, channel: number, on: boolean) =>
  request<Entry>(`${base(shop)}/entries/${channel}`, { method: 'PUT', body: { on } })

export function loadBlacklist(shop: number, words: string, before: string | null, signal?: AbortSignal): Promise<Blacklist> {
  return request<Blacklist>(`${base(shop)}/blacklist${search({ words, before, limit: 50 })}`, signal ? { signal } : {})
}

/** The most that can be taken off in one request. */
const UNBLOCK_MOST = 200

/** Takes customers off the blacklist; how many of them are off now. */
export async function unblock(shop: number, ids: readonly number[], keepalive = false): Promise<number> {
  let removed = 0
  for (let from = 0; from < ids.length; from += UNBLOCK_MOST) {
    const body = { ids: ids.slice(from, from + UNBLOCK_MOST) }
    removed += (await request<Schemas['RemovedView']>(`${base(shop)}/blacklist/remove`, { method: 'POST', body, keepalive })).removed
  }
  return removed
}
