/** Requests of the settings pages: one's own, the shop's, entries, blacklist. */
import { request } from './client'
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

export function loadBlacklist(shop: number, before: string | null): Promise<Blacklist> {
  return request<Blacklist>(`${base(shop)}/blacklist${before === null ? '' : `?before=${encodeURIComponent(before)}`}`)
}

export const unblock = (shop: number, customer: number, keepalive = false) =>
  request<void>(`${base(shop)}/customers/${customer}/blocked`, { method: 'PUT', body: { blocked: false }, keepalive })
