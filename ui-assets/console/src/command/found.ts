/** What the command bar finds at the server: customers of the shop and messages. */
import { loadPeople } from '@/api/people'
import { LEAST, searchMessages } from '@/api/search'
import { cursorOf } from '@/desk/cursor'
import { customerName } from '@/desk/names'
import { translate } from '@/i18n'
import { router } from '@/router'
import { useDesk } from '@/stores/desk'
import type { Command } from './match'
import type { RemoteSource } from './sources'

/** Of each kind; the pages show all. */
const MOST_FOUND = 5
const shop = () => useDesk().shop ?? 0
const go = (name: string, query: Record<string, string>, params: Record<string, string> = {}) => router.push({ name, params: { shop: String(shop()), ...params }, query })

export const customers: RemoteSource = {
  least: 1,
  async find(query, signal) {
    const { rows } = await loadPeople(shop(), { words: query }, null, signal, MOST_FOUND)
    return rows.map((row): Command => {
      const channel = row.channels[0] ?? { plugin: '', name: '' }
      const name = customerName(row, channel)
      return {
        id: `customer-${row.id}`, group: 'customers', label: row.remark ? `${name}（${row.remark}）` : name, hint: row.tags.map((tag) => tag.name).join(' · ') || channel.name,
        face: { id: row.id, name: row.name, src: row.avatar }, run: () => go('customers', { q: query }, { customer: String(row.id) }),
      }
    })
  },
}

export const messages: RemoteSource = {
  least: LEAST,
  async find(query, signal) {
    const { hits, next } = await searchMessages(shop(), { q: query, agent: null, channel: null, from: null, to: null }, null, MOST_FOUND, signal)
    const found = hits.map((hit): Command => ({
      id: `message-${cursorOf(hit)}`, group: 'messages', label: hit.snippet.map((part) => part.text).join(''), hint: customerName(hit.customer, hit.channel),
      face: { id: hit.customer.id, name: hit.customer.name, src: hit.customer.avatar },
      run: () => go('search', { q: query, customer: String(hit.customer.id), at: `${hit.channel.id}.${cursorOf(hit)}` }),
    }))
    const all: Command = { id: 'messages-all', group: 'messages', label: translate('command.all_messages', { query }), icon: 'search', run: () => go('search', { q: query }) }
    return found.length > 0 || next !== null ? [...found, all] : []
  },
}
