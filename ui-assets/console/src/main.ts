/** Starts the console: styles, stores, language, routes. */
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './styles/tokens.css'
import './styles/base.css'
import App from './App.vue'
import { connectClient } from './api/client'
import { i18n, translate, useLocale } from './i18n'
import { router } from './router'
import { usePrefs } from './stores/prefs'
import { useSession } from './stores/session'

const app = createApp(App)
app.use(createPinia())
app.use(i18n)

const prefs = usePrefs()
const session = useSession()

connectClient({
  csrf: () => session.csrf,
  language: () => prefs.locale,
  unreachable: () => translate('error.unreachable'),
  lost: (code) => {
    if (code === 'password_change_required') {
      session.requirePasswordChange()
      void router.push({ name: 'password' })
      return
    }
    const here = router.currentRoute.value
    session.drop()
    if (here.name !== 'login') void router.push({ name: 'login', query: { next: here.fullPath, ended: '1' } })
  },
  refresh: async () => {
    await session.load()
    return session.csrf !== ''
  },
})

void useLocale(prefs.locale)
  .catch(() => undefined)
  .then(() => {
    app.use(router)
    app.mount('#app')
  })
