import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, nextTick } from 'vue'
import { ElPopover } from 'element-plus'
import { useCommandKey } from '@/command/key'
import type { DeskActions } from '@/desk/actions'
import { keyboardIsTaken, useDialog } from '@/desk/dialog'

let shown = true
beforeEach(() => {
  shown = true
  Element.prototype.checkVisibility = vi.fn(() => shown)
})
afterEach(() => document.body.replaceChildren())

it('gives whoever asks for the same dialog again a new one', () => {
  const { dialog, turn } = useDialog()
  dialog.value = 'transfer'
  const first = turn.value
  expect(dialog.value).toBe('transfer')
  dialog.value = 'transfer'
  expect(turn.value).not.toBe(first)
  dialog.value = null
  expect(dialog.value).toBeNull()
})

it('leaves the keyboard to an open dialog, and not to one that is fading out', () => {
  const put = (html: string) => (document.body.innerHTML = html)
  expect(keyboardIsTaken()).toBe(false)
  put('<div class="el-overlay"><div class="el-overlay-dialog"></div></div>')
  expect(keyboardIsTaken()).toBe(true)
  put('<div class="el-overlay"><div class="el-overlay-dialog is-closing"></div></div>')
  expect(keyboardIsTaken()).toBe(false)
  shown = false
  put('<div class="el-overlay"><div class="el-overlay-dialog"></div></div>')
  expect(keyboardIsTaken()).toBe(false)
  shown = true
  put('<div class="el-image-viewer__wrapper"></div>')
  expect(keyboardIsTaken()).toBe(true)
  put('<div class="el-image-viewer__wrapper viewer-fade-leave-active"></div>')
  expect(keyboardIsTaken()).toBe(false)
})

it('names a popover itself, so that it has a name while its content comes and goes', async () => {
  mount(ElPopover, {
    props: { visible: true, trigger: 'click' },
    attrs: { role: 'dialog', 'aria-label': '录制语音' },
    slots: { reference: '<button></button>' },
    attachTo: document.body,
  })
  await nextTick()
  const popper = document.querySelector('.el-popover')
  expect(popper?.getAttribute('role')).toBe('dialog')
  expect(popper?.getAttribute('aria-label')).toBe('录制语音')
})

it('opens the command bar anew when the last one has closed and has not said so yet', () => {
  const asked = useDialog()
  const press = () => dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyK', ctrlKey: true, cancelable: true }))
  const page = defineComponent({ setup: () => (useCommandKey(asked as unknown as DeskActions), () => null) })
  const mounted = mount(page, { global: { plugins: [createPinia()] } })
  press()
  const first = asked.turn.value
  expect(asked.dialog.value).toBe('command')
  document.body.innerHTML = '<dialog class="command" open></dialog>'
  press()
  expect(asked.dialog.value).toBeNull()
  press()
  document.body.innerHTML = '<dialog class="command"></dialog>'
  press()
  expect(asked.dialog.value).toBe('command')
  expect(asked.turn.value).toBe(first + 2)
  mounted.unmount()
})
