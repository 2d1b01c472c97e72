import { describe, expect, it } from 'vitest'
import { plainEmoticons, splitEmoticons, WECHAT_EMOTICONS } from '@/text/emoticons'
import { safeUrl, splitLinks } from '@/text/links'
import { dayName, duration, listTime } from '@/text/time'
import { isJumbo, tokenize } from '@/text/tokens'
import { UNICODE_EMOJI } from '@/text/unicode-emoji'

describe('emoticons', () => {
  it.each([
    ['[微笑]', '🙂'],
    ['/::)', '🙂'],
    ['[Smile]', '🙂'],
    ["/::'(", '😭'],
    ["/::'|", '😿'],
    ['/::@', '😡'],
    ['/:,@-D', '😊'],
    ['/:<W>', '🍉'],
    ['在吗[捂脸]/:rose谢谢', '在吗🤦🌹谢谢'],
    ['[不存在的]', '[不存在的]'],
    ['[]', '[]'],
    ['a[微笑', 'a[微笑'],
  ])('%s', (text, shown) => expect(plainEmoticons(text)).toBe(shown))

  it('leaves addresses alone', () => {
    expect(plainEmoticons('https:/:v')).toBe('https:/:v')
    expect(tokenize('https://a.example/:ok').map((token) => token.type)).toEqual(['link'])
  })

  it('offers about a hundred, each recognised again', () => {
    expect(WECHAT_EMOTICONS.length).toBeGreaterThanOrEqual(100)
    for (const { name, emoji } of WECHAT_EMOTICONS) expect(splitEmoticons(`[${name}]`)).toMatchObject([{ emoticon: { name, emoji } }])
    expect(new Set(WECHAT_EMOTICONS.map((item) => item.name)).size).toBe(WECHAT_EMOTICONS.length)
  })

  it('offers about two hundred Unicode emoji without doubles', () => {
    const all = Object.values(UNICODE_EMOJI).flat()
    expect(all.length).toBeGreaterThanOrEqual(180)
    for (const group of Object.values(UNICODE_EMOJI)) expect(new Set(group).size).toBe(group.length)
  })
})

describe('links', () => {
  it.each([
    ['看 https://a.example/x?y=1，谢谢', 'https://a.example/x?y=1'],
    ['(www.a.example).', 'www.a.example'],
    ['http://a.example/b_(c)', 'http://a.example/b_(c)'],
    ['订单https://a.example/o?id=1(急)', 'https://a.example/o?id=1'],
    ['https://a.example/x这个', 'https://a.example/x'],
    ['https://a.example/。', 'https://a.example/'],
  ])('%s', (text, address) => {
    const link = splitLinks(text).find((part) => 'href' in part)
    expect(link?.text).toBe(address)
  })
  it('keeps every character', () => {
    const text = 'a https://b.example, c www.d.example! e'
    expect(splitLinks(text).map((part) => part.text).join('')).toBe(text)
  })
  it('never links anything but http and https', () => {
    for (const bad of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'nothing']) expect(safeUrl(bad)).toBeNull()
    expect(splitLinks('javascript:alert(1)').every((part) => !('href' in part))).toBe(true)
  })
})

describe('tokens', () => {
  it('mix text, links and emoticons', () => {
    expect(tokenize('hi[微笑] https://a.example').map((token) => token.type)).toEqual(['text', 'emoticon', 'text', 'link'])
  })
  it('grow a lone emoji', () => {
    expect(isJumbo(tokenize('👍'))).toBe(true)
    expect(isJumbo(tokenize('[微笑][微笑]'))).toBe(true)
    expect(isJumbo(tokenize('好👍'))).toBe(false)
    expect(isJumbo(tokenize('666'))).toBe(false)
  })
})

describe('time', () => {
  const now = new Date(2026, 10, 23, 12).getTime()
  it('names days', () => {
    expect(dayName(now, now, 'zh-CN')).toEqual({ today: true })
    expect(dayName(now - 86_400_000, now, 'zh-CN')).toEqual({ yesterday: true })
    expect(dayName(new Date(2025, 0, 2).getTime(), now, 'zh-CN')).toEqual({ date: '2025年1月2日' })
  })
  it('is short in lists', () => {
    expect(listTime(new Date(2026, 10, 23, 9, 5).getTime(), now, 'zh-CN')).toBe('09:05')
    expect(listTime(new Date(2026, 10, 2).getTime(), now, 'zh-CN')).toBe('11/2')
  })
  it('counts waiting in the fitting unit', () => {
    expect(duration(59_000).unit).toBe('now')
    expect(duration(60_000)).toEqual({ unit: 'minutes', count: 1 })
    expect(duration(3 * 3_600_000)).toEqual({ unit: 'hours', count: 3 })
    expect(duration(72 * 3_600_000)).toEqual({ unit: 'days', count: 3 })
    expect(duration(-5)).toEqual({ unit: 'now', count: 0 })
  })
})
