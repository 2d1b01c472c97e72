import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { expect, it } from 'vitest'
import LinkCard from '@/components/chat/LinkCard.vue'
import MessageStatus from '@/components/chat/MessageStatus.vue'
import MessageText from '@/components/chat/MessageText.vue'
import VoiceContent from '@/components/chat/VoiceContent.vue'
import { i18n } from '@/i18n'

const global = { plugins: [i18n, createPinia()] }

it('draws text as text, links safely and emoticons by name', () => {
  const text = '<img src=x onerror=alert(1)> https://a.example/x [微笑]'
  const bubble = mount(MessageText, { props: { text }, global })
  expect(bubble.find('img').exists()).toBe(false)
  expect(bubble.text()).toContain('<img src=x onerror=alert(1)>')
  expect(bubble.get('a').attributes()).toMatchObject({ href: 'https://a.example/x', target: '_blank', rel: expect.stringContaining('noopener') })
  expect(bubble.get('[role=img]').attributes('aria-label')).toBe('微笑')
})

it('offers a retry with the reason only where it helps', async () => {
  const failed = mount(MessageStatus, { props: { state: 'failed', reason: '超过 48 小时' }, global })
  expect(failed.text()).toContain('超过 48 小时')
  await failed.get('[data-testid=retry]').trigger('click')
  expect(failed.emitted('retry')).toHaveLength(1)
  const unknown = mount(MessageStatus, { props: { state: 'unknown' }, global })
  expect(unknown.text()).toContain('可能已经收到')
  expect(unknown.find('[data-testid=retry]').exists()).toBe(true)
  for (const state of ['queued', 'sending', 'accepted'] as const) {
    expect(mount(MessageStatus, { props: { state }, global }).find('button').exists()).toBe(false)
  }
  expect(mount(MessageStatus, { props: { state: 'failed', retriable: false }, global }).find('[data-testid=retry]').exists()).toBe(false)
})

it('plays what browsers can play and offers AMR as a file', () => {
  const media = { id: 'abc', mime: 'audio/amr', size: 10 }
  const amr = mount(VoiceContent, { props: { media, transcript: '' }, global })
  expect(amr.find('audio').exists()).toBe(false)
  expect(amr.get('a').attributes('href')).toBe('/m/abc?download')
  const mp3 = mount(VoiceContent, { props: { media: { ...media, mime: 'audio/mpeg' }, transcript: '你好' }, global })
  expect(mp3.get('audio').attributes('src')).toBe('/m/abc')
  expect(mp3.text()).toContain('你好')
})

it('makes no link of a card with a dangerous address and loads no foreign picture', () => {
  const card = mount(LinkCard, { props: { title: 'x', description: '', url: 'javascript:alert(1)', picture: 'https://spy.example/p.png', news: true }, global })
  expect(card.find('a').exists()).toBe(false)
  expect(card.find('img').exists()).toBe(false)
})
