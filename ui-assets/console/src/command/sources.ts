/**
 * Where the command bar's entries come from. Local ones are there at once; a remote source is asked after a
 * pause in typing, and what it finds joins the list: the place for the server's search and list of customers.
 */
import { useRouter } from 'vue-router'
import { useActions } from '@/desk/actions'
import { customerName } from '@/desk/names'
import { useRole } from '@/desk/roles'
import { translate } from '@/i18n'
import { pagesFor } from '@/pages/settings/pages'
import { useDesk } from '@/stores/desk'
import { usePrefs, type Theme } from '@/stores/prefs'
import { useSession } from '@/stores/session'
import type { ConversationView } from '@/api/types'
import { useWorkPages } from '@/desk/pages'
import { customers, messages } from './found'
import type { Command } from './match'

export interface RemoteSource {
  /** Typed text shorter than this is not asked for. */
  least: number
  find: (query: string, signal: AbortSignal) => Promise<Command[]>
}

/** Further ones are added here; each is one module. */
export const REMOTE: readonly RemoteSource[] = [customers, messages]

/** How themes and pages are also called, for those who type without an input method. */
const THEME_WORDS: Record<Theme, string> = { light: 'theme light qianse waiguan', dark: 'theme dark shense waiguan', system: 'theme system auto waiguan' }
const PAGE_WORDS: Record<string, string> = {
  account: 'account profile password mima zhanghao', acceptance: 'acceptance greeting jieru shezhi', 'auto-close': 'auto close guanbi', offline: 'offline lixian',
  'quick-replies': 'quick replies kuaijie huifu', alerts: 'alerts sound tishi shengyin', 'shop-texts': 'texts nobody busy weijieru', entries: 'entries rukou',
  blacklist: 'blacklist heimingdan', tags: 'tags labels biaoqian', customers: 'customers people kehu', search: 'search messages sousuo xiaoxi', annotations: 'annotations marks biaozhu', broadcasts: 'broadcasts qunfa', agents: 'agents accounts kefu', roles: 'roles rights juese quanxian', channels: 'channels wechat h5 qudao weixin',
}

/** Everything this console can do or show now. */
export function useLocalCommands(): () => Command[] {
  const router = useRouter()
  const actions = useActions()
  const desk = useDesk()
  const prefs = usePrefs()
  const session = useSession()
  const role = useRole()
  const work = useWorkPages()
  const shop = () => String(desk.shop ?? 0)

  function place(view: ConversationView): string {
    if (view.transfer?.to === desk.me?.id) return translate('command.offered')
    if (view.state === 'waiting') return translate('command.waits')
    return view.owner === desk.me?.id ? translate('command.mine') : translate('command.colleague', { name: desk.agentName(view.owner) })
  }

  function conversations(): Command[] {
    const views = [...desk.offered, ...desk.active, ...desk.waiting, ...desk.elsewhere]
    return [...new Map(views.map((view) => [view.id, view])).values()].map((view, at) => {
      const { customer, channel, last } = view
      const name = customerName(customer, channel)
      return {
        id: `conversation-${view.id}`, group: 'conversations', label: customer.remark ? `${name}（${customer.remark}）` : name,
        hint: `${place(view)} · ${last?.text || channel.name}`, words: `${customer.number} ${channel.name} ${customer.tags.map((tag) => tag.name).join(' ')}`,
        face: { id: customer.id, name: customer.name, src: customer.avatar }, first: at < 5, run: () => actions.open(view),
      }
    })
  }

  function deeds(): Command[] {
    const list: Command[] = []
    const add = (id: string, label: string, rest: Omit<Command, 'id' | 'group' | 'label'>) => list.push({ id, group: 'actions', label, ...rest })
    const view = desk.focused === null ? undefined : desk.conversations.get(desk.focused)
    const mine = view?.state === 'active' && view.owner === desk.me?.id
    const dialog = (name: 'transfer' | 'annotate' | 'records' | 'shortcuts') => () => (actions.dialog.value = name)
    if (view && mine && !view.transfer) add('transfer', translate('command.transfer'), { icon: 'transfer', words: 'transfer zhuanjie', first: true, run: dialog('transfer') })
    if (view && mine) add('close', translate('command.close'), { icon: 'done', words: 'close end jieshu', first: true, run: () => actions.close(view) })
    if (view) add('annotate', translate('command.annotate'), { icon: 'flag', words: 'annotate mark biaozhu', run: dialog('annotate') })
    if (view) add('records', translate('command.records'), { icon: 'history', words: 'records history jilu', run: dialog('records') })
    if (desk.me?.online && desk.waiting.length > 0) add('accept', translate('command.accept'), { icon: 'plus', words: 'accept next jieru', first: true, run: actions.acceptNext })
    const online = desk.me?.online ?? false
    add('presence', translate(online ? 'command.offline' : 'command.online'), {
      icon: online ? 'coffee' : 'play', words: online ? 'offline pause away lixian' : 'online start shangxian zaixian', first: true, run: () => actions.setOnline(!online),
    })
    for (const theme of ['light', 'dark', 'system'] as const) {
      if (prefs.theme !== theme) add(`theme-${theme}`, translate('menu.theme', { now: translate(`theme.${theme}`) }), { icon: theme === 'dark' ? 'moon' : 'sun', words: THEME_WORDS[theme], run: () => (prefs.theme = theme) })
    }
    const english = prefs.locale === 'en'
    add('language', translate('command.language'), { icon: 'globe', lang: english ? 'zh-CN' : 'en', words: 'language english chinese yuyan zhongwen yingwen', run: () => prefs.setLocale(english ? 'zh-CN' : 'en') })
    add('shortcuts', translate('shortcuts.title'), { icon: 'keyboard', words: 'shortcuts keys help kuaijiejian', first: true, run: dialog('shortcuts') })
    return list
  }

  function pages(): Command[] {
    const settings = pagesFor(role.value).map((page): Command => ({
      id: `page-${page.name}`, group: 'pages', label: translate(page.label), hint: translate('settings.title'), icon: page.icon,
      words: `settings shezhi ${PAGE_WORDS[page.name] ?? ''}`, first: page.name === 'quick-replies', run: () => router.push({ name: 'settings', params: { shop: shop(), page: page.name } }),
    }))
    const desks: Command = { id: 'page-desk', group: 'pages', label: translate('rail.desk'), icon: 'chat', words: 'desk chat liaotian', first: true, run: () => router.push({ name: 'desk', params: { shop: shop() } }) }
    const shops = session.shops.filter((held) => held.id !== desk.shop).map((held): Command => ({
      id: `shop-${held.id}`, group: 'pages', label: translate('command.shop', { name: held.name }), icon: 'shop', words: 'shop dianpu',
      run: () => router.push({ name: 'desk', params: { shop: String(held.id) } }),
    }))
    const works = work.value.map((page): Command => ({
      id: `page-${page.name}`, group: 'pages', label: translate(page.label), icon: page.icon, words: PAGE_WORDS[page.name] ?? '', run: () => router.push({ name: page.name, params: { shop: shop() } }),
    }))
    return [desks, ...works, ...settings, ...shops]
  }

  return () => [...conversations(), ...deeds(), ...pages()]
}
