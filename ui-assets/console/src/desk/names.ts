/** How customers and agents are called. */
import type { ConversationChannel, CustomerView } from '@/api/types'
import { translate } from '@/i18n'

/** The nickname when it is known; never a guess: else the channel and number. */
export function customerName(customer: Pick<CustomerView, 'number' | 'name'>, channel: Pick<ConversationChannel, 'plugin'>): string {
  if (customer.name.trim() !== '') return customer.name
  if (channel.plugin === 'wechat') return translate('customer.wechat_user', { number: customer.number })
  return translate(channel.plugin === 'h5' ? 'customer.visitor' : 'customer.customer', { number: customer.number })
}
