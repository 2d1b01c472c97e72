import { describe, expect, it } from 'vitest'
import { acceptOf, formatBytes, formatNames, kindOf, mimeOf, refusalOf } from '@/compose/files'
import { composerKey } from '@/compose/keys'
import { isWriting, shortcutOf } from '@/desk/shortcuts'

const press = (changes: object = {}) => ({
  key: 'Enter', code: 'Enter', isComposing: false, keyCode: 13, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...changes,
})

describe('composerKey', () => {
  it.each([
    ['Enter sends', {}, false, 'send'],
    ['Shift+Enter breaks the line', { shiftKey: true }, false, 'newline'],
    ['Ctrl+Enter breaks the line when Enter sends', { ctrlKey: true }, false, 'newline'],
    ['an input method keeps Enter', { isComposing: true }, false, null],
    ['key code 229 keeps Enter', { keyCode: 229 }, false, null],
    ['Ctrl+Enter sends when chosen', { ctrlKey: true }, true, 'send'],
    ['⌘+Enter sends when chosen', { metaKey: true }, true, 'send'],
    ['Enter breaks the line then', {}, true, 'newline'],
    ['an input method keeps Ctrl+Enter too', { ctrlKey: true, isComposing: true }, true, null],
    ['other keys mean nothing', { key: 'a' }, false, null],
  ])('%s', (_name, changes, ctrlEnter, expected) => expect(composerKey(press(changes), ctrlEnter)).toBe(expected))
})

describe('refusalOf', () => {
  const channel = { sends: { image: { max_bytes: 1_000, mime: ['image/jpeg', 'image/png'] }, video: { max_bytes: 99_000_000 }, voice: { mime: ['audio/*'] } } }
  const file = (size: number, mime: string) => ({ size, mime })
  it('takes what fits', () => expect(refusalOf(channel, 'image', file(1_000, 'image/png'))).toBeNull())
  it('refuses a kind the channel cannot send', () => expect(refusalOf(channel, 'file', file(1, 'application/pdf'))).toEqual({ why: 'kind', kind: 'file' }))
  it('refuses before a channel is known', () => expect(refusalOf(undefined, 'image', file(1, 'image/png'))?.why).toBe('kind'))
  it('refuses what is too large', () => expect(refusalOf(channel, 'image', file(1_001, 'image/png'))).toEqual({ why: 'size', kind: 'image', max: 1_000, size: 1_001 }))
  it('never allows more than the server does', () => expect(refusalOf(channel, 'video', file(21_000_000, 'video/mp4'))).toMatchObject({ why: 'size', max: 20 * 1024 * 1024 }))
  it('refuses a format and names those it takes', () => expect(refusalOf(channel, 'image', file(1, 'image/webp'))).toEqual({ why: 'mime', kind: 'image', allowed: ['image/jpeg', 'image/png'] }))
  it('refuses an empty file', () => expect(refusalOf(channel, 'image', file(0, 'image/png'))?.why).toBe('empty'))
  it('understands wildcards', () => expect(refusalOf(channel, 'voice', file(1, 'audio/amr'))).toBeNull())
})

describe('files', () => {
  it('know AMR and MP3 by name when the browser does not', () => {
    expect(mimeOf({ name: 'A.AMR', type: '' })).toBe('audio/amr')
    expect(mimeOf({ name: 'a.mp3', type: 'audio/mp3' })).toBe('audio/mpeg')
    expect(mimeOf({ name: 'noname', type: '' })).toBe('application/octet-stream')
  })
  it('become the kind they are', () => {
    expect(['image/png', 'video/mp4', 'audio/amr', 'text/plain'].map(kindOf)).toEqual(['image', 'video', 'voice', 'file'])
  })
  it('offer the channel’s formats in the file dialog', () => {
    expect(acceptOf({ mime: ['audio/amr', 'audio/mpeg'] }, 'voice').split(',')).toEqual(expect.arrayContaining(['audio/amr', '.amr', '.mp3']))
    expect(acceptOf({}, 'image')).toBe('image/*')
  })
  it('have sizes and formats for people', () => {
    expect([12, 2048, 1_572_864, 10_485_760].map(formatBytes)).toEqual(['12 B', '2 KB', '1.5 MB', '10 MB'])
    expect(formatNames(['image/jpeg', 'image/jpg', 'audio/mpeg'])).toBe('JPG / MP3')
  })
})

describe('shortcutOf', () => {
  it('reads the physical key with Alt, also while writing', () => {
    expect(shortcutOf(press({ key: '∆', code: 'KeyJ', altKey: true }), true)).toBe('next')
    expect(shortcutOf(press({ key: 'e', code: 'KeyE', altKey: true, ctrlKey: true }), false)).toBe('close_next')
  })
  it('is dead without a modifier while writing', () => {
    expect(shortcutOf(press({ key: '?', code: 'Slash', shiftKey: true }), true)).toBeNull()
    expect(shortcutOf(press({ key: '?', code: 'Slash', shiftKey: true }), false)).toBe('help')
  })
  it('leaves the browser’s own keys alone', () => {
    expect(shortcutOf(press({ key: 'r', code: 'KeyR', ctrlKey: true }), false)).toBeNull()
    expect(shortcutOf(press({ key: 'j', code: 'KeyJ' }), false)).toBeNull()
  })
  it('knows where somebody writes', () => {
    expect(isWriting(document.createElement('textarea'))).toBe(true)
    expect(isWriting(document.createElement('button'))).toBe(false)
    expect(isWriting(null)).toBe(false)
  })
})
