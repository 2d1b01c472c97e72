/** Calls the agent: wires the desk's events to title, sound, pop-up and badge. Lives as long as a shop is open. */
import { computed, onBeforeUnmount, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import type { ConversationView } from '@/api/types'
import { customerName } from '@/desk/names'
import { useAlertSettings } from '@/stores/alerts'
import { useDesk } from '@/stores/desk'
import { usePrefs } from '@/stores/prefs'
import { Hub, type Alert } from './hub'
import { elect } from './leader'
import { isOverdue, noticeOf, REPEAT_MS, type Notice } from './notice'
import { isUnlocked, ring } from './sound'
import { Title } from './title'

/** How often it looks for customers who have waited too long. */
const LOOK_MS = 5_000

export function useAlerts(): void {
  const { t } = useI18n()
  const router = useRouter()
  const desk = useDesk()
  const prefs = usePrefs()
  const settings = useAlertSettings()
  const tab = Math.random().toString(36).slice(2)
  const leader = elect(tab, isUnlocked, () => hub.lead())
  const hub = new Hub({ tab, leads: () => leader.leads(), act })
  const title = new Title()

  /** Only the leader comes here, once for each alert. */
  function act(alert: Alert, watched: boolean) {
    if (settings.sound) void ring(settings.volume)
    if (settings.mayPop && !watched && alert.conversation !== null) pop(alert)
  }

  function pop(alert: Alert) {
    try {
      const options: NotificationOptions = { tag: `${alert.shop}.${alert.conversation}`, body: settings.hide ? alert.veiled : alert.body, icon: '/favicon.svg' }
      const shown = new Notification(settings.hide ? t('app.name') : alert.title, options)
      shown.onclick = () => {
        window.focus()
        void router.push({ name: 'desk', params: { shop: String(alert.shop), conversation: String(alert.conversation) } })
        shown.close()
      }
    } catch {
      // Phones take notifications from service workers only.
    }
  }

  const unlisten = desk.listen((event) => {
    if (event.kind !== 'conversation' || !desk.me?.online || desk.shop === null) return
    const notice = noticeOf(event.before, event.after, desk.me.id)
    if (notice) tell(event.after, notice)
  })

  function tell(view: ConversationView, notice: Notice) {
    const name = customerName(view.customer, view.channel)
    const said = view.last?.text || (view.last ? t(`kind.${view.last.kind}`) : '')
    const about = { shop: desk.shop ?? 0, conversation: view.id }
    if (notice === 'offer') {
      const from = desk.agentName(view.transfer?.from ?? null)
      const key = `${desk.shop}.${view.id}.offer.${view.transfer?.at}`
      hub.report({ ...about, key, title: t('alerts.offer', { from, name }), body: view.transfer?.note || said, veiled: t('alerts.offer_veiled') })
      flash(settings.hide ? t('alerts.flash_offer') : t('alerts.flash_offer_from', { from }))
      return
    }
    const heading = notice === 'new' ? t('alerts.new_customer', { name }) : name
    hub.report({ ...about, key: `${desk.shop}.${view.id}.${view.last_seq}`, title: heading, body: said, veiled: t('alerts.hidden_body') })
    flash(settings.hide ? t('alerts.flash') : t('alerts.flash_from', { name }))
  }

  function flash(words: string) {
    if (settings.title && !inFront()) title.flash(words)
  }

  const overdue = setInterval(() => {
    if (!settings.repeat || !desk.me?.online || desk.shop === null) return
    const now = Date.now()
    const me = desk.me.id
    if (![...desk.waiting, ...desk.active, ...desk.offered].some((view) => isOverdue(view, now, me))) return
    // Every tab says the same key within the same half minute.
    hub.report({ key: `again.${Math.floor(now / REPEAT_MS)}`, shop: desk.shop, conversation: null, title: '', body: '', veiled: '' })
  }, LOOK_MS)

  const inFront = () => document.visibilityState === 'visible' && document.hasFocus()
  function look() {
    const front = inFront()
    hub.look(front && desk.shop !== null ? { shop: desk.shop, conversation: desk.focused } : null)
    if (front) title.calm()
  }
  const moments = ['focus', 'blur', 'pagehide'] as const
  for (const moment of moments) addEventListener(moment, look)
  document.addEventListener('visibilitychange', look)
  watch(() => [desk.shop, desk.focused], look, { immediate: true })

  const count = computed(() => desk.unread + desk.waiting.length + desk.offered.length)
  watch(
    () => [count.value, prefs.locale, settings.badge] as const,
    ([n]) => {
      title.set(`${n > 0 ? `(${n}) ` : ''}${t('app.name')}`, n > 0)
      if ('setAppBadge' in navigator) void navigator.setAppBadge(settings.badge ? n : 0).catch(() => undefined)
    },
    { immediate: true },
  )

  onBeforeUnmount(() => {
    unlisten()
    clearInterval(overdue)
    for (const moment of moments) removeEventListener(moment, look)
    document.removeEventListener('visibilitychange', look)
    hub.stop()
    leader.stop()
    title.calm()
    title.set(t('app.name'), false)
  })
}
