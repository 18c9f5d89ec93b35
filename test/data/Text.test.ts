import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Scuttlebucket, scuttlebutt, Text, type Replica, type Stamp, type Update } from '../../src/index.js'
import { right } from '../right.js'
import { inMemory } from '../runs.js'
import { shrink } from './text/invariants.js'

shrink()

type Change = Text.Change

/** A state after local updates, as a core that knows `own` makes them. */
class Writer {
  state: Text.State
  now = 1000
  readonly source: string
  readonly updates: Update<Change>[] = []

  constructor(source = 'ann', state: Text.State = Text.empty) {
    this.source = source
    this.state = state
  }

  does(command: Text.Command): Update<Change> {
    const timestamp = this.now++
    const update = [right(command(this.state, { timestamp, source: this.source })), timestamp, this.source] as const
    this.state = Text.own(update)(this.state).state
    this.updates.push(update)
    return update
  }

  hears(...updates: ReadonlyArray<Update<Change>>): void {
    this.state = Text.apply(updates)(this.state).state
    this.now = Math.max(this.now, ...updates.map(([, at]) => at + 1))
  }

  get text(): string {
    return Text.toString(this.state)
  }
}

const stamp: Stamp = { timestamp: 1, source: 'ann' }
const letters = fc.constantFrom('a', 'b', 'cd', '\n', '😀', 'é', 'xyz'.repeat(30))
const splice = fc.tuple(fc.nat(), fc.nat(), fc.oneof(letters, fc.constant('')))

/** A splice of a string, that cuts no pair. */
const within = (string: string, at: number, many: number): readonly [number, number] => {
  const cuts = (offset: number): boolean => /^[\ud800-\udbff][\udc00-\udfff]/.test(string.slice(offset - 1, offset + 1))
  let start = at % (string.length + 1)
  if (start > 0 && cuts(start)) start--
  let end = start + (many % 5)
  if (end > string.length) end = string.length
  if (end > 0 && cuts(end)) end++
  return [start, end - start]
}

describe('On the wire', () => {
  test('a stroke repeats itself, longer, as its author types on', () => {
    const ann = new Writer()
    expect(ann.does(Text.insert(0, 'Hi'))).toEqual([[0, ['+', 'Hi', 0, 0]], 1000, 'ann'])
    expect(ann.does(Text.insert(2, '!'))).toEqual([[1000, ['+', 'Hi!', 0, 0]], 1001, 'ann'])
    const ben = new Writer('ben')
    ben.hears(ann.updates[1]!)
    const comma = ben.does(Text.insert(2, ','))
    expect(comma).toEqual([[0, ['+', ',', [1000, 2, 'ann']]], 1002, 'ben'])
    ann.now = 1003
    expect(ann.does(Text.remove(2, 1))).toEqual([[1000, ['+', 'Hi!', 0, 0], ['-', 3, 1]], 1003, 'ann'])
    ann.hears(comma)
    ben.hears(ann.updates[2]!)
    expect(ann.text).toBe('Hi,')
    expect(ben.text).toBe('Hi,')
  })

  test('an update supersedes the one before it of its stroke, and an empty one itself', () => {
    const ann = new Writer()
    const first = ann.does(Text.insert(0, 'a'))
    const second = ann.does(Text.insert(1, 'b'))
    const late = Text.apply([second])(Text.empty)
    expect(late.superseded).toEqual([])
    expect(Text.apply([first])(late.state)).toEqual({ state: late.state, superseded: [first] })
    const nothing = [[0], 5, 'ann'] as const
    expect(Text.apply([nothing])(late.state)).toEqual({ state: late.state, superseded: [nothing] })
  })

  test.each([
    [null],
    [{}],
    [[]],
    [[-1]],
    [['0']],
    [[0, ['+', '', 0]]],
    [[0, ['+', 1, 0]]],
    [[0, ['+', 'a']]],
    [[0, ['+', 'a', 0, 0, 0]]],
    [[0, ['+', 'a', -1]]],
    [[0, ['+', 'a', 1.5]]],
    [[0, ['+', 'a', 2 ** 53]]],
    [[0, ['+', 'a', [1, 0]]]],
    [[0, ['+', 'a', [1, 1, 2]]]],
    [[0, ['-', 0, 1]]],
    [[0, ['-', 1, 0]]],
    [[0, ['-', 1]]],
    [[0, ['-', 1, 1, 1]]],
    [[0, [1]]],
    [[0, 'a']],
  ])('refuses %j', (change) => {
    expect(Text.change.is(change)).toBe(false)
    expect(Text.change.decode(change)._tag).toBe('Left')
  })

  test.each([[[0]], [[1000, ['+', '\ud800', 0]]], [[0, ['later', { a: 1 }], ['+', 'a', [1, 2 ** 53 - 1, '']]]]])(
    'takes %j',
    (change) => {
      expect(Text.change.decode(change)).toEqual({ _tag: 'Right', right: change })
    },
  )

  test('refuses or takes any JSON as a change, and never throws', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (json) => {
        const decoded = Text.change.decode(JSON.parse(json))
        if (decoded._tag === 'Right') Text.apply([[decoded.right, 1, 'x']])(Text.empty)
      }),
      { numRuns: inMemory(1000) },
    )
  })
})

describe('A text', () => {
  test('is spliced as a string is', () => {
    fc.assert(
      fc.property(fc.array(splice, { maxLength: 40, size: 'max' }), fc.boolean(), (splices, isFrozen) => {
        const ann = new Writer()
        let string = ''
        for (const [at, many, insert] of splices) {
          const [offset, count] = within(string, at, many)
          ann.does(Text.splice(offset, count, insert))
          if (isFrozen) freeze(ann.state)
          string = string.slice(0, offset) + insert + string.slice(offset + count)
          expect(Text.length(ann.state)).toBe(string.length)
          const [from, to] = [at % 50, many % 50]
          expect(Text.slice(from, to)(ann.state)).toBe(string.slice(from, to))
          expect(Text.slice(-from)(ann.state)).toBe(string.slice(-from))
          expect(Text.at(from)(ann.state)).toEqual(
            from < string.length ? { _tag: 'Some', value: string[from] } : { _tag: 'None' },
          )
        }
        expect(ann.text).toBe(string)
        const peer = new Writer('ben')
        peer.hears(...ann.updates)
        expect(peer.text).toBe(string)
        const last = new Map(ann.updates.map((update) => [update[0][0] === 0 ? update[1] : update[0][0], update]))
        const newcomer = new Writer('cy')
        newcomer.hears(...last.values())
        expect(newcomer.text).toBe(string)
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('becomes the text that is given, and changes no more than it must', () => {
    const word = fc.array(fc.constantFrom('a', 'b', 'c', '😀', '😁'), { maxLength: 12 }).map((all) => all.join(''))
    fc.assert(
      fc.property(word, word, (before, after) => {
        const ann = new Writer()
        ann.does(Text.text(before))
        const other = new Writer('ben')
        other.hears(...ann.updates)
        const [change] = other.does(Text.text(after))
        expect(other.text).toBe(after)
        const touched = change.slice(1).reduce<number>((sum, operation) => {
          const [kind, first, count] = operation as Text.Operation
          return sum + (kind === '+' ? Array.from(first as string).length : (count as number))
        }, 0)
        const emoji = (string: string): number => (string.match(/\p{Emoji_Presentation}/gu) ?? []).length
        expect(touched).toBeLessThanOrEqual(leastEdits(Array.from(before), Array.from(after)) + emoji(before))
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test.each([
    [Text.splice(-1, 0, ''), -1],
    [Text.splice(0, 4, ''), 4],
    [Text.splice(2, -1, ''), 1],
    [Text.splice(0.5, 0, ''), 0.5],
    [Text.insert(4, 'x'), 4],
    [
      Text.edit([
        { from: 2, to: 3, insert: '' },
        { from: 1, to: 1, insert: 'x' },
      ]),
      1,
    ],
  ])('refuses an edit beyond itself: %#', (command, index) => {
    const ann = new Writer()
    ann.does(Text.insert(0, 'abc'))
    expect(command(ann.state, stamp)).toEqual({ _tag: 'Left', left: { _tag: 'IndexOutOfRange', index, length: 3 } })
  })

  test('refuses an edit that cuts a surrogate pair, at either end', () => {
    const ann = new Writer()
    ann.does(Text.insert(0, 'a😀b'))
    for (const command of [Text.insert(2, 'x'), Text.remove(2, 1), Text.remove(1, 1), Text.splice(2, 0, '')]) {
      expect(command(ann.state, stamp)).toEqual({ _tag: 'Left', left: { _tag: 'SplitsPair', offset: 2 } })
    }
    ann.does(Text.remove(1, 2))
    expect(ann.text).toBe('ab')
  })

  test('keeps lone halves, and carries them through JSON', () => {
    const ann = new Writer()
    ann.does(Text.insert(0, '\ude00\ud83d'))
    ann.does(Text.insert(2, '\ude01'))
    const peer = new Writer('ben')
    peer.hears(...(JSON.parse(JSON.stringify(ann.updates)) as Update<Change>[]))
    expect(peer.text).toBe('\ude00\ud83d\ude01')
    expect(Text.insert(2, 'x')(ann.state, stamp)._tag).toBe('Left')
  })
})

/** The length of a shortest edit script, by the textbook table. */
const leastEdits = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): number => {
  let row = b.map(() => 0)
  row.push(0)
  for (const x of a) {
    const next = [0]
    b.forEach((y, j) => next.push(x === y ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!)))
    row = next
  }
  return a.length + b.length - 2 * row.at(-1)!
}

const freeze = (value: unknown): void => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const member of Object.values(value)) freeze(member)
}

describe('What is typed at one place by several', () => {
  const contents = (updates: ReadonlyArray<Update<Change>>): string => {
    const reader = new Writer('reader')
    reader.hears(...updates)
    return reader.text
  }

  /** Each types its word, forward or backward, into a text that others do not see. */
  const runs = (before: string, words: ReadonlyArray<string>, isBackward: boolean, limits: Partial<Text.Limits>) => {
    const base = new Writer('base')
    if (before !== '') base.does(Text.insert(0, before))
    const updates = words.flatMap((word, i) => {
      const writer = new Writer(`w${String(i)}`, Text.of(limits).empty)
      if (before !== '') writer.hears(...base.updates)
      const middle = Math.floor(before.length / 2)
      for (const [j, letter] of Array.from(word).entries()) {
        if (isBackward) writer.does(Text.insert(middle, word[word.length - 1 - j]!))
        else writer.does(Text.insert(middle + j, letter))
      }
      return writer.updates
    })
    return [...base.updates, ...updates]
  }

  test('comes out one behind the other, forward and backward, in any order of delivery', () => {
    fc.assert(
      fc.property(
        fc
          .tuple(
            fc.constantFrom('', '[]'),
            fc.integer({ min: 2, max: 3 }),
            fc.boolean(),
            fc.constantFrom({}, { units: 0 }),
          )
          .chain(([before, count, isBackward, limits]) => {
            const words = ['aaaa', 'bbbb', 'cccc'].slice(0, count)
            const all = runs(before, words, isBackward, limits)
            return fc.tuple(fc.constant(words), fc.shuffledSubarray(all, { minLength: all.length }))
          }),
        ([words, updates]) => {
          const text = contents(updates)
          for (const word of words) expect(text).toContain(word)
        },
      ),
      { numRuns: inMemory(1000) },
    )
  })

  test('does not mix a forward run with what another put into its middle backward, as in RGA', () => {
    // "Interleaving anomalies in collaborative text editors" (PaPoC 2019), figure 1 and section 3
    const text = contents(runs('Hello!', [' Alice', ' Charlie'], true, { units: 0 }))
    expect(['Hel Alice Charlielo!', 'Hel Charlie Alicelo!']).toContain(text)
  })

  test('does not mix backward runs, as YATA does', () => {
    // "The Art of the Fugue", section 2: two replicas that type from right to left
    expect(['milkeggs', 'eggsmilk']).toContain(contents(runs('', ['milk', 'eggs'], true, { units: 0 })))
  })

  test('does not mix characters of two, as Logoot does', () => {
    // "Interleaving anomalies", figure 1: dense positions drawn by two replicas
    const text = contents(runs('shopping', ['x'.repeat(100), 'y'.repeat(100)], false, { units: 0 }))
    expect(text).toMatch(/^shop(x{100}y{100}|y{100}x{100})ping$/)
  })
})

describe('A cursor', () => {
  test('stays with its unit while the text changes', () => {
    interface Model {
      readonly text: string
      isHidden: boolean
    }
    fc.assert(
      fc.property(
        fc.array(splice, { maxLength: 20 }),
        fc.nat(),
        fc.constantFrom<Text.Bias>(-1, 1),
        (splices, place, bias) => {
          const ann = new Writer()
          const units: Model[] = []
          let held: readonly [Text.Cursor, Model | undefined] | undefined
          const shown = (): string => units.map((unit) => (unit.isHidden ? '' : unit.text)).join('')
          for (const [at, many, insert] of splices) {
            const [offset, count] = within(shown(), at, many)
            ann.does(Text.splice(offset, count, insert))
            const visible = units.filter(({ isHidden }) => !isHidden)
            for (const unit of visible.slice(offset, offset + count)) unit.isHidden = true
            const behind = offset === 0 ? 0 : units.indexOf(visible[offset - 1]!) + 1
            units.splice(behind, 0, ...insert.split('').map((text) => ({ text, isHidden: false })))
            if (held === undefined) {
              const string = shown()
              const [spot] = within(string, place, 0)
              const unit = units.filter(({ isHidden }) => !isHidden)[bias < 0 ? spot - 1 : spot]
              held = [Text.cursorAt(spot, bias)(ann.state), unit]
              expect(Text.offsetOf(held[0])(ann.state)).toEqual({ _tag: 'Some', value: spot })
            }
            const [cursor, unit] = held
            const until = unit === undefined ? (bias < 0 ? 0 : units.length) : units.indexOf(unit) + (bias < 0 ? 1 : 0)
            const expected = units.slice(0, until).filter(({ isHidden }) => !isHidden).length
            expect(Text.offsetOf(cursor)(ann.state)).toEqual({ _tag: 'Some', value: expected })
            const sent = JSON.parse(JSON.stringify(cursor)) as Text.Cursor
            expect(Text.offsetOf(sent)(ann.state)).toEqual({ _tag: 'Some', value: expected })
          }
        },
      ),
      { numRuns: inMemory(2000) },
    )
  })

  test('is nowhere until its unit is here', () => {
    expect(Text.offsetOf([1000, 1, 'ann', 1])(Text.empty)).toEqual({ _tag: 'None' })
    expect(Text.offsetOf([0, 1])(Text.empty)).toEqual({ _tag: 'Some', value: 0 })
  })

  test('is never within a pair', () => {
    const ann = new Writer()
    ann.does(Text.insert(0, 'a😀b'))
    expect(Text.offsetOf(Text.cursorAt(2, -1)(ann.state))(ann.state)).toEqual({ _tag: 'Some', value: 1 })
    expect(Text.offsetOf(Text.cursorAt(2, 1)(ann.state))(ann.state)).toEqual({ _tag: 'Some', value: 3 })
    expect(Text.offsetOf([1000, 2, 'ann', -1])(ann.state)).toEqual({ _tag: 'Some', value: 1 })
  })
})

/** Versions of a text that two write, each with its string. */
const versions = fc.array(fc.tuple(splice, fc.boolean()), { maxLength: 25, size: 'max' }).map((steps) => {
  const [ann, ben] = [new Writer('ann'), new Writer('ben')]
  const all: (readonly [Text.State, string])[] = [[ann.state, '']]
  for (const [[at, many, insert], isRemote] of steps) {
    const writer = isRemote ? ben : ann
    const [offset, count] = within(writer.text, at, many)
    const update = writer.does(Text.splice(offset, count, insert))
    if (isRemote && at % 2 === 0) ann.hears(...ben.updates.splice(0))
    if (!isRemote && many % 2 === 0) ben.hears(update)
    all.push([ann.state, ann.text])
  }
  return all
})

const edited = (string: string, edits: ReadonlyArray<Text.Edit>): string => {
  let [text, done] = ['', 0]
  for (const { from, to, insert } of edits) {
    expect(from).toBeGreaterThanOrEqual(done)
    expect(from < to || insert !== '').toBe(true)
    text += string.slice(done, from) + insert
    done = to
  }
  return text + string.slice(done)
}

describe('The changes between two versions', () => {
  test('make the old text the new one', () => {
    fc.assert(
      fc.property(versions, fc.nat(), fc.nat(), (all, i, j) => {
        const [[old, before], [next, after]] = [all[i % all.length]!, all[j % all.length]!]
        expect(edited(before, Text.changesSince(old)(next))).toBe(after)
        const clone = JSON.parse(JSON.stringify(next)) as Text.State
        expect(edited(before, Text.changesSince(old)(clone))).toBe(after)
        for (const [state, text] of all) expect(Text.toString(state)).toBe(text)
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('are as small as what was typed', () => {
    const ann = new Writer()
    ann.does(Text.insert(0, 'one two three'))
    const old = ann.state
    ann.does(Text.insert(3, '!'))
    ann.does(Text.remove(5, 3))
    ann.does(Text.insert(10, 'r'))
    expect(Text.changesSince(old)(ann.state)).toEqual([
      { from: 3, to: 3, insert: '!' },
      { from: 4, to: 7, insert: '' },
      { from: 12, to: 12, insert: 'r' },
    ])
    expect(Text.changesSince(ann.state)(ann.state)).toEqual([])
    const other = new Writer('ben')
    other.does(Text.insert(0, 'one 2 three'))
    expect(Text.changesSince(old)(other.state)).toEqual([{ from: 4, to: 7, insert: '2' }])
  })
})

describe('Undo', () => {
  test('takes back what a writer did, and redo does it again', () => {
    fc.assert(
      fc.property(fc.array(splice, { minLength: 1, maxLength: 12 }), fc.nat(), (splices, since) => {
        const ann = new Writer()
        const states: (readonly [Text.State, string])[] = [[ann.state, '']]
        for (const [at, many, insert] of splices) {
          const [offset, count] = within(ann.text, at, many)
          ann.does(Text.splice(offset, count, insert))
          states.push([ann.state, ann.text])
        }
        const [before, old] = states[since % states.length]!
        const [after, text] = states.at(-1)!
        ann.does(Text.revert(before, after))
        expect(ann.text).toBe(old)
        ann.does(Text.revert(after, ann.state))
        expect(ann.text).toBe(text)
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('leaves what others did', () => {
    const [ann, ben] = [new Writer('ann'), new Writer('ben')]
    ann.does(Text.insert(0, 'one three'))
    ben.hears(...ann.updates)
    const before = ann.state
    ann.does(Text.insert(4, 'two '))
    ann.does(Text.remove(0, 1))
    const after = ann.state
    ben.hears(ann.updates[1]!)
    const others = [ben.does(Text.insert(7, 'AND ')), ben.does(Text.insert(ben.text.length, '!'))]
    ann.hears(...others)
    expect(ann.text).toBe('ne twoAND  three!')
    ann.does(Text.revert(before, after))
    expect(ann.text).toBe('one AND three!')
  })
})

describe('A stroke', () => {
  const long = (limits: Partial<Text.Limits>): ReadonlyArray<number> => {
    const ann = new Writer('ann', Text.of(limits).empty)
    for (let i = 0; i < 10; i++) ann.does(Text.insert(i, 'x'))
    return ann.updates.map(([[first]]) => first)
  }

  test('grows to so many units and operations', () => {
    expect(new Set(long({})).size).toBe(2)
    expect(long({ units: 0 })).toEqual(Array(10).fill(0))
    expect(long({ operations: 0 })).toEqual(Array(10).fill(0))
    expect(long({ units: 5 })).toEqual([0, 1000, 1000, 1000, 1000, 0, 1005, 1005, 1005, 1005])
  })

  test('is not grown by a clone, nor after an update of its source from elsewhere, nor once closed', () => {
    const begun = (): Writer => {
      const ann = new Writer()
      ann.does(Text.insert(0, 'a'))
      return ann
    }
    const next = (ann: Writer): number => ann.does(Text.insert(1, 'b'))[0][0]
    expect(next(begun())).toBe(1000)
    const cloned = begun()
    cloned.state = structuredClone(cloned.state)
    expect(next(cloned)).toBe(0)
    expect(cloned.text).toBe('ab')
    const elsewhere = begun()
    elsewhere.hears([[0, ['+', 'z', 0, 0]], 900, 'ann'])
    expect(next(elsewhere)).toBe(0)
    const closed = begun()
    closed.state = Text.close(closed.state)
    expect(next(closed)).toBe(0)
    const others = begun()
    others.hears([[0, ['+', 'z', [1000, 1, 'ann'], 0]], 900, 'ben'])
    expect(others.does(Text.insert(2, 'b'))[0][0]).toBe(1000)
  })

  test('is never grown over what peers have and its source has lost', () => {
    fc.assert(
      fc.property(fc.array(splice, { minLength: 1, maxLength: 12 }), fc.nat(), fc.nat(), (splices, lost, split) => {
        const ann = new Writer()
        const states = [ann.state]
        for (const [at, many, insert] of splices) {
          const [offset, count] = within(ann.text, at, many)
          ann.does(Text.splice(offset, count, insert))
          states.push(ann.state)
        }
        const peer = new Writer('ben')
        peer.hears(...ann.updates)
        // a restart from what was saved, which may lack the newest
        const kept = lost % states.length
        const again = new Writer('ann', JSON.parse(JSON.stringify(states[kept])) as Text.State)
        again.now = 2000
        for (const [at, many, insert] of splices.slice(split % splices.length)) {
          const [offset, count] = within(again.text, at, many)
          again.does(Text.splice(offset, count, insert))
        }
        peer.hears(...again.updates)
        again.hears(...ann.updates.slice(kept))
        expect(again.text).toBe(peer.text)
        // nothing that was acknowledged is gone, but what was removed since
        const holder = new Writer('cy')
        holder.hears(...ann.updates)
        const removed = again.updates.some(([change]) => change.some((o) => Array.isArray(o) && o[0] === '-'))
        if (!removed) for (const letter of holder.text) expect(peer.text).toContain(letter)
      }),
      { numRuns: inMemory(1000) },
    )
  })
})

describe('A clone of a replica', () => {
  const { create, change, history, applyUpdates, digest } = scuttlebutt(Text)

  test.each([
    ['structuredClone', (replica: Replica<Text.State, Change>) => structuredClone(replica)],
    ['JSON', (replica: Replica<Text.State, Change>) => JSON.parse(JSON.stringify(replica)) as typeof replica],
  ])('by %s goes on as the replica does', (_, clone) => {
    fc.assert(
      fc.property(fc.array(splice, { minLength: 1, maxLength: 20 }), fc.nat(), (splices, cut) => {
        let replica = create('ann')
        let text = ''
        for (const [i, [at, many, insert]] of splices.entries()) {
          if (i === cut % splices.length) replica = clone(replica)
          const [offset, count] = within(text, at, many)
          replica = right(change(Text.splice(offset, count, insert), 1000)(replica))[1]
          text = text.slice(0, offset) + insert + text.slice(offset + count)
          expect(Text.toString(replica.state)).toBe(text)
        }
        expect(digest(clone(replica))).toEqual(digest(replica))
        expect(Text.toString(applyUpdates(history()(clone(replica)))(create('ben')).state)).toBe(text)
      }),
      { numRuns: inMemory(300) },
    )
  })
})

describe('What does not come', () => {
  test('is shown with the strokes that wait for it', () => {
    const state = Text.apply([
      [[0, ['+', 'a', [7, 3, 'ben'], 0]], 5, 'ann'],
      [[0, ['-', 1, 1]], 6, 'ann'],
    ])(Text.empty).state
    expect(Text.pending(state)).toEqual([
      { first: 6, source: 'ann', for: { first: 6, k: 1, source: 'ann' } },
      { first: 5, source: 'ann', for: { first: 7, k: 3, source: 'ben' } },
    ])
    expect(Text.pending(Text.apply([[[0, ['+', 'xyz', 0, 0]], 7, 'ben']])(state).state)).toHaveLength(1)
  })

  test('costs no more than its length: 20,000 operations that wait for one unit, or hide one range', () => {
    const count = 20_000
    const waiting = Array.from({ length: count }, (_, i): Update<Change> => [
      [0, ['+', 'x', [1, 1, 'a'], 0]],
      10 + i,
      `s${String(i % 7)}`,
    ])
    const late = Text.apply([[[0, ['+', 'a', 0, 0]], 1, 'a']])(Text.apply(waiting.slice(0, 300))(Text.empty).state)
    expect(Text.length(late.state)).toBe(301)
    const start = performance.now()
    const held = Text.apply(waiting)(Text.empty).state
    expect(Text.pending(held)).toHaveLength(count)
    // a text in pieces, all of it hidden again and again
    const pieces = Array.from({ length: 2000 }, (_, i): Text.Operation => ['+', 'y', [1, i + 1, 'a'], [1, i + 2, 'a']])
    const torn = Text.apply([
      [[0, ['+', 'x'.repeat(2001), 0, 0]], 1, 'a'],
      [[0, ...pieces], 2, 'b'],
      ...Array.from({ length: count }, (_, i): Update<Change> => [[0, ['-', [1, 1, 'a'], 2001]], 10 + i, 'c']),
    ])(Text.empty).state
    expect(Text.toString(torn)).toBe('y'.repeat(2000))
    // a hundred times as much if it were quadratic
    expect(performance.now() - start).toBeLessThan(20_000)
  })
})

describe('A replica of a text', () => {
  const { create, change, applyUpdates, history } = scuttlebutt(Text)

  test('holds a stroke once in its log, however many keys made it', () => {
    let ann = create('ann')
    for (let i = 0; i < 200; i++) ann = right(change(Text.insert(i, 'x'), 1000 + i)(ann))[1]
    expect(history()(ann)).toHaveLength(4)
    const ben = applyUpdates(history()(ann))(create('ben'))
    expect(Text.toString(ben.state)).toBe('x'.repeat(200))
  })

  test('grows strokes within a bucket too', () => {
    const bucket = scuttlebutt(Scuttlebucket.of({ pad: Text }))
    let ann = bucket.create('ann')
    for (let i = 0; i < 200; i++)
      ann = right(bucket.change(Scuttlebucket.at('pad')(Text.insert(i, 'x')), 1000 + i)(ann))[1]
    expect(bucket.history()(ann)).toHaveLength(4)
    expect(Text.toString(Scuttlebucket.get('pad')(ann.state))).toBe('x'.repeat(200))
  })
})
