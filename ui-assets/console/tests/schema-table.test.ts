import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { fieldsOf, sent, shown } from '@/components/admin/schema'
import { isSound, newRow, unitOf, wrongIn, type TableRow } from '@/components/admin/schema-table'
import SchemaTable from '@/components/admin/SchemaTable.vue'
import { i18n } from '@/i18n'

/** As the WeChat plugin's schema writes it. */
const schema = {
  $defs: {
    Trigger: { oneOf: [{ const: 'message', description: 'Wrote.', 'x-zh': '客户发来消息', 'x-en': 'Customer wrote' }, { const: 'scan', 'x-zh': '客户扫码', 'x-en': 'Customer scanned' }] },
    Rule: {
      type: 'object',
      properties: {
        count: { type: 'integer', minimum: 1, maximum: 100, 'x-zh': '最多回复', 'x-en': 'At most' },
        seconds: { type: 'integer', minimum: 10, maximum: 2_592_000, 'x-unit': 'second', 'x-zh': '多长时间内', 'x-en': 'Within' },
        trigger: { $ref: '#/$defs/Trigger', description: 'After what.', 'x-zh': '什么之后', 'x-en': 'After' },
      },
    },
  },
  properties: {
    rules: { type: ['array', 'null'], items: { $ref: '#/$defs/Rule' }, maxItems: 3, default: null, description: '回复规则：说明', 'x-en': 'Reply rules: help' },
    odd: { type: 'array', items: { type: 'object', properties: { deep: { type: 'object' } } } },
  },
}
const field = (locale: string) => {
  const found = fieldsOf(schema, locale).find((one) => one.name === 'rules')
  if (!found) throw new Error('no field')
  return found
}
const standard: TableRow[] = [{ trigger: 'message', count: 5, seconds: 172_800 }, { trigger: 'scan', count: 3, seconds: 60 }]

it('columns come from the schema: what it is about first, in the reader’s language', () => {
  const { kind, columns, mostRows } = field('zh-CN')
  expect([kind, mostRows]).toEqual(['table', 3])
  expect(columns.map(({ name, kind: of, label }) => [name, of, label])).toEqual([['trigger', 'choice', '什么之后'], ['seconds', 'duration', '多长时间内'], ['count', 'number', '最多回复']])
  expect(field('en').columns[0]?.choices).toEqual([{ value: 'message', label: 'Customer wrote' }, { value: 'scan', label: 'Customer scanned' }])
  // What no table can show stays text.
  expect(fieldsOf(schema, 'en').find((one) => one.name === 'odd')?.kind).toBe('json')
})

it('nothing stored is the standard, and what is shown is what is sent', () => {
  expect([shown(field('en'), null), sent(field('en'), null)]).toEqual([null, null])
  expect(sent(field('en'), shown(field('en'), standard))).toEqual(standard)
})

it('times read in the unit that fits', () => {
  expect([10, 90, 60, 3_600, 172_800, 604_800, 7_260].map(unitOf)).toEqual(['second', 'second', 'minute', 'hour', 'hour', 'day', 'minute'])
})

it('each cell knows its bounds', () => {
  const { columns } = field('en')
  const [trigger, seconds, count] = columns
  if (!trigger || !seconds || !count) throw new Error('columns')
  expect([wrongIn(count, 0), wrongIn(count, 1), wrongIn(count, 100), wrongIn(count, 101)].map((wrong) => wrong?.why)).toEqual(['range', undefined, undefined, 'range'])
  expect([wrongIn(seconds, 9), wrongIn(seconds, 1.5), wrongIn(seconds, null), wrongIn(trigger, 'other')].map((wrong) => wrong?.why)).toEqual(['range', 'whole', 'empty', 'empty'])
  expect(isSound(columns, standard, 3)).toBe(true)
  expect(isSound(columns, [...standard, ...standard], 3)).toBe(false)
  expect(newRow(columns, [{ trigger: 'message', count: 1, seconds: 10 }], standard)).toEqual({ trigger: 'scan', count: 3, seconds: 60 })
})

it('the standard is shown, copied to be changed, and comes back', async () => {
  const table = mount(SchemaTable, { props: { field: field('zh-CN'), standard, modelValue: null, 'onUpdate:modelValue': (modelValue: TableRow[] | null) => table.setProps({ modelValue }) }, global: { plugins: [i18n] } })
  expect(table.text()).toContain('48 小时')
  await table.get('[data-testid="setting-rules-change"]').trigger('click')
  await table.get('[data-testid="count-0"]').setValue('200')
  expect(table.text()).toContain('请填 1 到 100')
  await table.get('[data-testid="count-0"]').setValue('20')
  await table.get('[data-testid="seconds-unit-0"]').setValue('day')
  await table.get('[data-testid="seconds-0"]').setValue('3')
  await table.get('[data-testid="table-remove-1"]').trigger('click')
  expect(table.props('modelValue')).toEqual([{ trigger: 'message', count: 20, seconds: 259_200 }])
  expect(standard[0]?.count).toBe(5)
  await table.get('[data-testid="setting-rules-reset"]').trigger('click')
  expect(table.props('modelValue')).toBeNull()
})
