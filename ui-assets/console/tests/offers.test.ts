import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { defineComponent, h, nextTick } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { beforeEach, expect, it } from 'vitest'
import { useDeskActions } from '@/desk/actions'
import { useDesk } from '@/stores/desk'
import { useToasts } from '@/stores/toasts'
import { conversation, desk as snapshot } from './fixtures'

const held = conversation(1, { state: 'active', owner: 8, last_seq: 4 })
const offered = { ...held, transfer: { from: 8, to: 7, note: '', at: 1, until: 2 } }

beforeEach(() => setActivePinia(createPinia()))

it('an offer that is gone takes its notice with it', async () => {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', name: 'desk', component: { render: () => null } }] })
  const desk = useDesk()
  desk.shop = 1
  desk.apply(snapshot({ conversations: [] }))
  const page = mount(defineComponent({ setup: () => (useDeskActions(), () => h('div')) }), { global: { plugins: [router] } })
  const notices = () => useToasts().toasts.filter((toast) => toast.action)

  desk.upsert(offered)
  await nextTick()
  expect(notices()).toHaveLength(1)
  desk.upsert({ ...held, transfer: null })
  await nextTick()
  expect(notices()).toHaveLength(0)
  page.unmount()
})
