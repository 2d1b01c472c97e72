/** The pages and who may see them now. The server checks rights; this only leads the way. */
import { createRouter, createWebHistory, type RouteLocationRaw, type RouteLocationNormalized } from 'vue-router'
import { withWorkTexts } from './i18n/work'
import { useSession } from './stores/session'

export const router = createRouter({
  history: createWebHistory('/'),
  routes: [
    { path: '/login', name: 'login', component: () => import('./pages/LoginPage.vue'), meta: { open: true } },
    { path: '/password', name: 'password', component: () => import('./pages/PasswordPage.vue') },
    { path: '/shops', name: 'shops', component: () => import('./pages/ShopsPage.vue') },
    {
      path: '/shops/:shop(\\d+)',
      component: () => import('./pages/ShopFrame.vue'),
      children: [
        { path: '', redirect: (to) => ({ name: 'desk', params: to.params }) },
        { path: 'desk/:conversation(\\d+)?', name: 'desk', component: () => import('./pages/DeskPage.vue') },
        { path: 'customers/:customer(\\d+)?', name: 'customers', component: withWorkTexts(() => import('./pages/office/CustomersPage.vue')) },
        { path: 'search', name: 'search', component: withWorkTexts(() => import('./pages/office/SearchPage.vue')) },
        { path: 'settings/:page([a-z-]+)?', name: 'settings', component: () => import('./pages/settings/SettingsPage.vue') },
      ],
    },
    { path: '/', redirect: { name: 'shops' } },
    { path: '/:rest(.*)*', redirect: { name: 'shops' } },
  ],
})

router.beforeEach(async (to) => {
  const session = useSession()
  if (!session.known) {
    try {
      await session.load()
    } catch {
      // The server is away: the login page says so when its form is sent.
    }
  }
  return guide(to)
})

/** Where somebody must go instead, or true when the way is free. */
export function guide(to: RouteLocationNormalized): RouteLocationRaw | true {
  const session = useSession()
  if (!session.session) return to.meta.open ? true : { name: 'login', query: to.fullPath === '/shops' ? {} : { next: to.fullPath } }
  if (session.mustChangePassword) return to.name === 'password' ? true : { name: 'password' }
  if (to.name === 'login' || to.name === 'password') return { name: 'shops' }
  const only = session.shops.length === 1 ? session.shops[0] : undefined
  if (to.name === 'shops' && only) return { name: 'desk', params: { shop: only.id } }
  if (to.params.shop !== undefined && !session.shops.some((shop) => String(shop.id) === to.params.shop)) return { name: 'shops' }
  return true
}

/** A place inside the console to return to after login; anything else is ignored. */
export function safeNext(next: unknown): string {
  return typeof next === 'string' && /^\/shops(?:[/?]|$)/.test(next) ? next : '/shops'
}
