/** Requests of the administrator's pages: agents, roles, channels. */
import { request } from './client'
import type { Account, ChannelCard, Enrolled, Plugin, Right, Role } from './types'

const shopPath = (shop: number, rest: string) => `/api/shops/${shop}${rest}`

export const loadAgents = (shop: number) => request<Account[]>(shopPath(shop, '/agents'))

export interface NewAgent {
  login: string
  nickname: string
  name: string
  role: Role
}

export const addAgent = (shop: number, agent: NewAgent) =>
  request<Enrolled>(shopPath(shop, '/agents'), { method: 'POST', body: agent })

export interface AgentChanges {
  role?: Role
  nickname?: string
  name?: string
  disabled?: boolean
}

export const editAgent = (shop: number, id: number, changes: AgentChanges) =>
  request<Account>(shopPath(shop, `/agents/${id}`), { method: 'PATCH', body: changes })

export const removeAgent = (shop: number, id: number) =>
  request<void>(shopPath(shop, `/agents/${id}`), { method: 'DELETE' })

export const resetPassword = (shop: number, id: number) =>
  request<{ password: string }>(shopPath(shop, `/agents/${id}/password`), { method: 'POST' })

export const logoutAgent = (shop: number, id: number) =>
  request<void>(shopPath(shop, `/agents/${id}/logout`), { method: 'POST' })

export const loadRights = (shop: number) => request<Right[]>(shopPath(shop, '/roles'))

export const loadChannels = (shop: number) => request<ChannelCard[]>(shopPath(shop, '/channels'))

export const loadPlugins = (shop: number) => request<Plugin[]>(shopPath(shop, '/plugins'))

export const addChannel = (shop: number, channel: { plugin: string; name: string; settings: Record<string, unknown> }) =>
  request<ChannelCard>(shopPath(shop, '/channels'), { method: 'POST', body: channel })

export const editChannel = (
  shop: number,
  id: number,
  changes: { name?: string; enabled?: boolean; settings?: Record<string, unknown> },
) => request<ChannelCard>(shopPath(shop, `/channels/${id}`), { method: 'PATCH', body: changes })
