/** The pages of the settings: one line each. Order here is the order in the list. */
import type { Component } from 'vue'
import type { IconName } from '@/components/icons'
import type { Role } from '@/api/types'
import { reaches } from '@/desk/roles'
import { withWorkTexts } from '@/i18n/work'

export type SettingsGroup = 'personal' | 'shop' | 'admin'
export const GROUPS: readonly SettingsGroup[] = ['personal', 'shop', 'admin']

export interface SettingsEntry {
  /** The last part of the address. */
  name: string
  group: SettingsGroup
  /** Locale key of its name. */
  label: string
  icon: IconName
  /** Roles below it do not see the page. A page others may read says itself why it cannot be changed. */
  least: Role
  /** Tables want the whole width; forms read better narrow. */
  wide?: boolean
  load: () => Promise<{ default: Component }>
}

export const PAGES: readonly SettingsEntry[] = [
  { name: 'account', group: 'personal', label: 'settings_page.account', icon: 'user', least: 'agent', load: () => import('./AccountPage.vue') },
  { name: 'acceptance', group: 'personal', label: 'settings_page.acceptance', icon: 'settings', least: 'agent', load: () => import('./AcceptancePage.vue') },
  { name: 'auto-close', group: 'personal', label: 'settings_page.auto_close', icon: 'clock', least: 'agent', load: () => import('./AutoClosePage.vue') },
  { name: 'offline', group: 'personal', label: 'settings_page.offline', icon: 'moon', least: 'agent', load: () => import('./OfflinePage.vue') },
  { name: 'quick-replies', group: 'personal', label: 'settings_page.quick_replies', icon: 'reply', least: 'agent', load: () => import('./QuickRepliesPage.vue') },
  { name: 'alerts', group: 'personal', label: 'settings_page.alerts', icon: 'bell', least: 'agent', load: () => import('./AlertsPage.vue') },
  { name: 'shop-texts', group: 'shop', label: 'settings_page.shop_texts', icon: 'chat', least: 'agent', load: () => import('./ShopTextsPage.vue') },
  { name: 'entries', group: 'shop', label: 'settings_page.entries', icon: 'link', least: 'agent', load: () => import('./EntriesPage.vue') },
  { name: 'blacklist', group: 'shop', label: 'settings_page.blacklist', icon: 'shield', least: 'agent', load: withWorkTexts(() => import('./BlacklistPage.vue')) },
  { name: 'tags', group: 'shop', label: 'settings_page.tags', icon: 'tag', least: 'agent', load: withWorkTexts(() => import('./TagsPage.vue')) },
  { name: 'agents', group: 'admin', label: 'settings_page.agents', icon: 'users', least: 'administrator', wide: true, load: () => import('./AgentsPage.vue') },
  { name: 'roles', group: 'admin', label: 'settings_page.roles', icon: 'lock', least: 'administrator', load: () => import('./RolesPage.vue') },
  { name: 'channels', group: 'admin', label: 'settings_page.channels', icon: 'app', least: 'administrator', load: () => import('./ChannelsPage.vue') },
]

/** What a role sees. */
export const pagesFor = (role: Role): SettingsEntry[] => PAGES.filter((page) => reaches(role, page.least))
