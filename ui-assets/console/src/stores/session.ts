/** Who is logged in. Owns the CSRF token and the shops; knows nothing of desks. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import * as api from '@/api/session'
import { ApiError } from '@/api/client'
import type { Me, Session, ShopMembership } from '@/api/types'

export const useSession = defineStore('session', () => {
  const session = ref<Session | null>(null)
  /** The first look at the server happened. */
  const known = ref(false)
  /** The one-time password just used, so that the forced change need not ask for it again. */
  const oneTimePassword = ref('')

  const me = computed<Me | null>(() => session.value?.agent ?? null)
  const shops = computed<ShopMembership[]>(() => session.value?.shops ?? [])
  const csrf = computed(() => session.value?.csrf ?? '')
  const mustChangePassword = computed(() => session.value?.must_change_password ?? false)

  /** Asks the server once who we are. Throws only when the server cannot be reached. */
  async function load(): Promise<void> {
    try {
      session.value = await api.currentSession()
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error
      session.value = null
    }
    known.value = true
  }

  async function login(name: string, password: string): Promise<void> {
    session.value = await api.login(name, password)
    oneTimePassword.value = session.value.must_change_password ? password : ''
    known.value = true
  }

  async function changePassword(old: string, next: string): Promise<void> {
    session.value = await api.changePassword(old, next)
    oneTimePassword.value = ''
  }

  async function logout(): Promise<void> {
    try {
      await api.logout()
    } catch (error) {
      // Logged out already is what we wanted.
      if (!(error instanceof ApiError) || error.status !== 401) throw error
    }
    drop()
  }

  function keepMe(agent: Me): Me {
    if (session.value) session.value = { ...session.value, agent }
    return agent
  }

  const updateMe = async (changes: api.MyChanges) => keepMe(await api.updateMe(changes))
  const uploadAvatar = async (picture: Blob) => keepMe(await api.uploadAvatar(picture))

  function drop() {
    session.value = null
    oneTimePassword.value = ''
  }

  function requirePasswordChange() {
    if (session.value) session.value = { ...session.value, must_change_password: true }
  }

  return {
    session, known, oneTimePassword, me, shops, csrf, mustChangePassword,
    load, login, changePassword, logout, updateMe, uploadAvatar, drop, requirePasswordChange,
  }
})
