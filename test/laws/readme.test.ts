/** The README of the kit, against the kit. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LAW_NAMES } from '../../src/laws/model/Law.js'

const README = readFileSync(new URL('../../src/laws/README.md', import.meta.url), 'utf8')

test('The table of laws has a row for each law', () => {
  const [, table = ''] = README.split('| law | it says |')
  const named = [...table.split('\n\n')[0]!.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, names]) =>
    [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  )
  expect([...named].sort()).toEqual([...LAW_NAMES].sort())
})
