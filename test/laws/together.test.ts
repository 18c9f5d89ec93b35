/** The law that runs stay together: our lists keep it, and it catches lists that mix. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scuttlebutt, type Maker, type Stamp } from '../../src/index.js'
import { corpus } from '../../src/laws/broken/index.js'
import { check, laws, ofDataType, operations, type Lawful } from '../../src/laws/index.js'
import { listTypes } from '../data/listTypes.js'
import { inMemory } from '../runs.js'

/** What the next item goes beside: the last of one's own, on either side, or anything. */
type Aim = readonly [where: 'behind' | 'before' | 'anywhere', at: number]

const aim: fc.Arbitrary<Aim> = fc.tuple(fc.constantFrom('behind', 'behind', 'before', 'anywhere'), fc.nat(20))

const placeFor = ([where, at]: Aim, items: ReadonlyArray<string>, source: string): number => {
  const own = items.filter((item) => item.startsWith(`${source} `)).sort((a, b) => timeOf(a) - timeOf(b))
  const last = items.indexOf(own[own.length - 1] ?? '')
  return last < 0 || where === 'anywhere' ? at % (items.length + 1) : where === 'behind' ? last + 1 : last
}

const timeOf = (item: string): number => Number(item.split(' ')[1])

describe.each(listTypes)('$name', ({ dataType, insert, items }) => {
  test('keeps the law', () => {
    const command =
      (aimed: Aim): Maker<unknown, unknown, unknown> =>
      (state, stamp: Stamp) => {
        const place = placeFor(aimed, items(state), stamp.source)
        const made = insert(place, [`${stamp.source} ${String(stamp.timestamp)}`], state)
        return (made as Maker<unknown, unknown, unknown>)(state, stamp)
      }
    const subject = ofDataType(dataType, { command: () => aim.map(command) })
    const law = laws.runsStayTogether<ReturnType<ReturnType<typeof scuttlebutt<unknown, unknown>>['create']>>(
      ({ state }) => items(state),
    )
    const checked = check({ ...subject, laws: [law] } as unknown as typeof subject, { runs: inMemory(300, 4), seed: 1 })
    if (checked._tag === 'Left') throw new Error(checked.left.format())
  })
})

interface Placed {
  readonly key: number
  readonly by: string
}

const nameOf = ({ key, by }: Placed): string => `${by} ${String(key)}`

test('catches the type of the corpus that mixes two words', () => {
  const mixed = corpus.find(({ name }) => name === 'interleaved')!
  const law = laws.runsStayTogether((text: ReadonlyArray<Placed>) => text.map(nameOf))
  const subject = { ...mixed.subject, laws: [law] } as unknown as Lawful<unknown, unknown, unknown>
  for (let seed = 0; seed < 5; seed++) {
    const checked = check(subject, { seed })
    expect(checked).toMatchObject({ _tag: 'Left', left: { law: { name: 'runsStayTogether', verdict: 'quality' } } })
  }
})

test('catches items that count on from one key, typed one by one', () => {
  const typed = operations({
    name: 'counting on',
    empty: [] as ReadonlyArray<Placed>,
    command: fc.constant('type'),
    prepare:
      (_, { id }) =>
      (list): Placed => {
        const own = list.map(({ by }) => by).lastIndexOf(id)
        const low = list[own < 0 ? list.length - 1 : own]?.key ?? 0
        const high = list.find(({ key }) => key > low)?.key
        return { key: high === undefined ? low + 1 : (low + high) / 2, by: id }
      },
    apply: (item) => (list) => [...list, item].sort((a, b) => a.key - b.key || (a.by < b.by ? -1 : 1)),
    show: (list) => list.map(nameOf),
    delivery: { order: 'causal', copies: 'exactly once' },
  })
  const law = laws.runsStayTogether((list: ReadonlyArray<Placed>) => list.map(nameOf))
  const checked = check({ ...typed, laws: [law] } as unknown as typeof typed, { seed: 1 })
  expect(checked._tag === 'Left' && checked.left.why).toMatch(/is between .* which . wrote side by side/)
})
