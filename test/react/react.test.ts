// @vitest-environment jsdom
/** The hooks in React: StrictMode, concurrent rendering, ten thousand components, a server. */
import { MessageChannel } from 'node:worker_threads'
import { ESLint } from 'eslint'
import hooks from 'eslint-plugin-react-hooks'
import fc from 'fast-check'
import { option as O } from 'fp-ts'
import * as t from 'io-ts'
import { act, createElement, Fragment, startTransition, useLayoutEffect, useState, type FunctionComponent } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { Provider, useSelector } from 'react-redux'
import tseslint from 'typescript-eslint'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  Doc,
  Model,
  Rejection,
  RArray,
  Scuttlebucket,
  scuttlebutt,
  type Command,
  type Update,
} from '../../src/index.js'
import { shallow, useChange, useEntry, useReplica, useRow, useSync } from '../../src/adapters/react.js'
import { connect, messagePort } from '../../src/adapters/connect.js'
import { createStore, part, type Store } from '../../src/adapters/store.js'
import { inRedux, NOW } from '../redux/slices.js'
import { inNetworks } from '../runs.js'
import { mount, showing, withoutAct } from './mount.js'

const model = scuttlebutt(Model.of(t.number))
const rows = scuttlebutt(Doc.of(t.string))

afterEach(() => {
  document.body.replaceChildren()
})

/** A store of just five members, which counts the reads of its replica. */
const byHand = <S, C>(store: Store<S, C>) => {
  const getReplica = vi.fn(store.getReplica)
  const { scuttlebutt: sb, change, apply, subscribe } = store
  const hand: Store<S, C> = { scuttlebutt: sb, getReplica, change, apply, subscribe }
  return { hand, getReplica }
}

describe.each([
  ['in StrictMode', true],
  ['plainly', false],
])('useReplica, %s,', (_, isStrict) => {
  test('gives the state, a selection, and the value of an Option', () => {
    const store = createStore(model, 'alice')
    const { Show } = showing(() => [
      Model.size(useReplica(store)),
      useReplica(store, Model.get('x')) ?? 'none',
      useReplica(store, Model.keys, shallow),
    ])
    const { text } = mount(createElement(Show), { isStrict })
    expect(text()).toBe('[0,"none",[]]')
    act(() => {
      store.change(Model.set('x', 1))
    })
    expect(text()).toBe('[1,1,["x"]]')
  })

  test('never loops, whatever the selector', () => {
    const store = createStore(model, 'alice')
    const selectors: ReadonlyArray<(state: Model.State<number>) => unknown> = [
      (state) => ({ ...Model.toJSON(state) }),
      (state) => Model.entries(state).map((entry) => entry),
      () => Math.random(),
      () => () => undefined,
      (state) => new Date(Model.size(state)),
    ]
    for (const selector of selectors) {
      // a new function at each render, too
      const { Show, counts } = showing(
        () => [useReplica(store, selector), useReplica(store, (state) => selector(state))].length,
      )
      const { unmount } = mount(createElement(Show), { isStrict })
      const before = counts.renders
      expect(before).toBeLessThanOrEqual(isStrict ? 2 : 1)
      act(() => {
        store.change(Model.set('x', Model.size(store.getReplica().state)))
      })
      expect(counts.renders - before).toBeLessThanOrEqual(isStrict ? 4 : 2)
      unmount()
    }
  })

  test('does not render for a write that the selector does not see', () => {
    const store = createStore(model, 'alice')
    const { Show, counts } = showing(() => [
      useReplica(store, Model.get('x')),
      useReplica(store, (state) => Model.keys(state).filter((key) => key === 'x'), shallow),
    ])
    const { text } = mount(createElement(Show), { isStrict })
    const before = counts.renders
    act(() => {
      for (let i = 0; i < 10; i++) store.change(Model.set('y', i))
    })
    expect(counts.renders).toBe(before)
    act(() => {
      store.change(Model.set('x', 1))
    })
    expect(text()).toBe('[1,["x"]]')
  })
})

describe('useReplica', () => {
  test('keeps the value before while it is equal, over selectors written in place', () => {
    const store = createStore(model, 'alice')
    store.change(Model.set('x', 1))
    const { Show, seen } = showing(({ factor }: { readonly factor: number }) =>
      useReplica(store, (state) => Model.keys(state).slice(0, factor), shallow),
    )
    const { render } = mount(createElement(Show, { factor: 1 }))
    render(createElement(Show, { factor: 2 }))
    act(() => {
      store.change(Model.set('x', 2))
    })
    expect(new Set(seen).size).toBe(1)
  })

  test('follows another store and another selector', () => {
    const [one, two] = [createStore(model, 'alice'), createStore(model, 'bob')]
    one.change(Model.set('x', 1))
    two.change(Model.set('x', 2))
    const { Show } = showing(({ store, name }: { readonly store: typeof one; readonly name: string }) => [
      useReplica(store, Model.get(name)) ?? null,
      useEntry(store, name) ?? null,
    ])
    const { render, text } = mount(createElement(Show, { store: one, name: 'x' }))
    render(createElement(Show, { store: two, name: 'x' }))
    expect(text()).toBe('[2,2]')
    render(createElement(Show, { store: two, name: 'y' }))
    act(() => {
      two.change(Model.set('y', 3))
      one.change(Model.set('y', 4))
    })
    expect(text()).toBe('[3,3]')
  })
})

describe('Ten thousand components', () => {
  const COUNT = 10_000
  const ids = Array.from({ length: COUNT }, (_, i) => `r${String(i)}`)

  /** How often each write makes components render, and reads the replica. */
  const countsOf = <S, C>(
    store: Store<S, C>,
    useIt: (store: Store<S, C>, id: string) => unknown,
    ...writes: ReadonlyArray<() => void>
  ): ReadonlyArray<{ readonly renders: number; readonly reads: number }> => {
    const { hand, getReplica } = byHand(store)
    let renders = 0
    const One: FunctionComponent<{ readonly id: string }> = ({ id }) => {
      useIt(hand, id)
      renders++
      return null
    }
    const { unmount } = mount(createElement(Fragment, null, ...ids.map((id) => createElement(One, { id, key: id }))))
    expect(renders).toBe(COUNT)
    const counts = writes.map((write) => {
      renders = 0
      getReplica.mockClear()
      act(write)
      return { renders, reads: getReplica.mock.calls.length }
    })
    unmount()
    return counts
  }

  test('by useEntry: one render and ten reads for a key that is written', () => {
    const store = createStore(model, 'alice')
    store.changeAll(ids.map((id) => Model.set(id, 0)))
    const [written] = countsOf(store, useEntry, () => store.change(Model.set('r5000', 1)))
    expect(written?.renders).toBe(1)
    expect(written?.reads).toBeLessThanOrEqual(10)
  })

  test('by useRow: one render and ten reads for a field that is written', () => {
    const store = createStore(rows, 'alice')
    store.changeAll(ids.map((id) => Doc.set(id, { title: 'a', text: 'b' })))
    const useTitle = (one: Store<Doc.State<string>, Doc.Change<string>>, id: string) => useRow(one, id, ['title'])
    const [read, other] = countsOf(
      store,
      useTitle,
      () => store.change(Doc.set('r5000', { title: 'c' })),
      () => store.change(Doc.set('r5000', { text: 'c' })),
    )
    expect(read?.renders).toBe(1)
    expect(read?.reads).toBeLessThanOrEqual(10)
    expect(other?.renders).toBe(0)
  })
})

describe('useEntry and useRow', () => {
  const own = <A>(record: Readonly<Record<string, A>>, key: string): A | undefined =>
    Object.hasOwn(record, key) ? record[key] : undefined

  test('show what the queries give after any writes, and render just where that is another value', () => {
    const keys = ['x', 'y', '__proto__']
    const fields = ['title', 'text']
    const write = fc.tuple(
      fc.constantFrom(...keys),
      fc.constantFrom(...fields, null),
      fc.constantFrom('a', 'b'),
      fc.boolean(),
    )
    fc.assert(
      fc.property(fc.array(fc.array(write, { minLength: 1, maxLength: 3 }), { maxLength: 6 }), (batches) => {
        const [store, entries] = [createStore(rows, 'alice'), createStore(scuttlebutt(Model.of(t.string)), 'alice')]
        const shown = keys.flatMap((key) => [
          {
            ...showing(() => useEntry(entries, key) ?? null),
            now: () => own(Model.toJSON(entries.getReplica().state), key) ?? null,
          },
          {
            ...showing(() => useRow(store, key) ?? null),
            now: () => own(Doc.toJSON(store.getReplica().state), key) ?? null,
          },
          {
            ...showing(() => useRow(store, key, ['title']) ?? null),
            now: () => {
              const row = own(Doc.toJSON(store.getReplica().state), key)
              return row === undefined ? null : row['title'] === undefined ? {} : { title: row['title'] }
            },
          },
        ])
        const { unmount } = mount(
          createElement(Fragment, null, ...shown.map(({ Show }, i) => createElement(Show, { key: i }))),
        )
        for (const batch of batches) {
          const before = shown.map(({ counts, now }) => [counts.renders, JSON.stringify(now())] as const)
          act(() => {
            for (const [key, field, value, isPeer] of batch) {
              const change = field === null ? Doc.remove(key) : Doc.set(key, { [field]: value })
              if (!isPeer) store.change(change as Command<Doc.State<string>, Doc.Change<string>>)
              else if (field !== null) store.apply([[[key, { [field]: value }], Date.now(), 'bob']])
              entries.change(field === null ? Model.remove(key) : Model.set(key, value))
            }
          })
          for (const [i, { counts, seen, now }] of shown.entries()) {
            expect(seen.at(-1)).toEqual(now())
            const [renders, text] = before[i]!
            const isSame = text === JSON.stringify(now())
            // of two writes the second may undo the first, which has woken the component
            expect(counts.renders - renders).toBeLessThanOrEqual(isSame && batch.length === 1 ? 0 : 1)
            if (!isSame) expect(counts.renders - renders).toBe(1)
          }
        }
        unmount()
      }),
      { numRuns: inNetworks(40) },
    )
  })

  test('work for a part of a bucket', () => {
    const bucket = scuttlebutt(Scuttlebucket.of({ settings: Model.of(t.number), list: RArray.of(t.string) }))
    const store = createStore(bucket, 'alice')
    const settings = part(store, 'settings')
    const { Show, counts } = showing(() => useEntry(settings, 'zoom') ?? null)
    const { text } = mount(createElement(Show))
    act(() => {
      store.change(Scuttlebucket.at('settings')(Model.set('zoom', 2)))
    })
    expect(text()).toBe('2')
    const { renders } = counts
    act(() => {
      store.change(Scuttlebucket.at('list')(RArray.push('a')))
    })
    expect(counts.renders).toBe(renders)
  })

  test('let go of the store when they are unmounted', () => {
    const store = createStore(model, 'alice')
    let listening = 0
    const counted: Store<Model.State<number>, Model.Change<number>> = {
      ...store,
      subscribe: (listener) => {
        const unsubscribe = store.subscribe(listener)
        listening++
        return () => {
          listening--
          unsubscribe()
        }
      },
    }
    const { Show } = showing(() => [
      useEntry(counted, 'x') ?? 0,
      useEntry(counted, 'y') ?? 0,
      useReplica(counted, Model.size),
    ])
    const { unmount } = mount(createElement(Show), { isStrict: true })
    expect(listening).toBe(2)
    unmount()
    expect(listening).toBe(0)
  })
})

describe('Concurrent rendering', () => {
  test('does not tear: all components of a commit show one version', async () => {
    const store = createStore(model, 'alice')
    store.change(Model.set('x', 0))
    const commits: unknown[] = []
    const Slow: FunctionComponent<{ readonly way: number }> = ({ way }) => {
      const values = [
        useReplica(store, Model.get('x')),
        useEntry(store, 'x'),
        useReplica(store, (state) => Model.toJSON(state)['x']),
      ]
      const end = performance.now() + 3
      while (performance.now() < end);
      return createElement('i', null, values[way], ' ')
    }
    let show: (count: number) => void = () => undefined
    const Page: FunctionComponent = () => {
      const [count, setCount] = useState(0)
      show = setCount
      useLayoutEffect(() => {
        const shown = [...document.querySelectorAll('i')].map(({ textContent }) => textContent)
        if (shown.length > 0) commits.push([...new Set(shown)].length)
      })
      return createElement(
        Fragment,
        null,
        ...Array.from({ length: count }, (_, i) => createElement(Slow, { key: i, way: i % 3 })),
      )
    }
    await withoutAct(async () => {
      const container = document.createElement('div')
      document.body.append(container)
      const root = createRoot(container)
      root.render(createElement(Page))
      await new Promise((resolve) => setTimeout(resolve, 20))
      let writes = 0
      const timer = setInterval(() => {
        if (writes < 10) store.change(Model.set('x', ++writes))
      }, 7)
      startTransition(() => {
        show(30)
      })
      await vi.waitFor(() => {
        expect(writes).toBe(10)
        expect([...document.querySelectorAll('i')].map(({ textContent }) => textContent)).toEqual(
          Array.from({ length: 30 }, () => '10 '),
        )
      }, 10_000)
      clearInterval(timer)
      root.unmount()
    })
    expect(commits.length).toBeGreaterThan(0)
    expect(new Set(commits)).toEqual(new Set([1]))
  })
})

describe('A server', () => {
  test('renders what the browser takes over, without a mismatch', () => {
    const store = createStore(rows, 'alice')
    store.change(Doc.set('r1', { title: 'Hello' }))
    const connection = { status: () => ({ phase: 'offline' }), subscribe: () => () => undefined }
    const { Show } = showing(() => [
      useReplica(store, Doc.size),
      useRow(store, 'r1', ['title'])?.title,
      useChange(store).length,
      useSync(connection).phase,
    ])
    const html = renderToString(createElement(Show))
    expect(html).toContain('Hello')
    const container = document.createElement('div')
    container.innerHTML = html
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    act(() => {
      hydrateRoot(container, createElement(Show))
    })
    expect(error.mock.calls).toEqual([])
    error.mockRestore()
    act(() => {
      store.change(Doc.set('r1', { title: 'Bye' }))
    })
    expect(container.textContent).toBe('[1,"Bye",2,"offline"]')
  })
})

describe('useChange', () => {
  test('writes, and says why the last change was refused', () => {
    const store = createStore(model, 'alice')
    const changes = new Set<unknown>()
    let write: (value: unknown) => unknown = () => undefined
    const { Show, counts } = showing(() => {
      const [change, refusal] = useChange(store)
      changes.add(change)
      write = (value) => change(Model.set('x', value as number))
      return refusal === undefined ? 'fine' : Rejection.show(refusal)
    })
    const { text } = mount(createElement(Show), { isStrict: true })
    act(() => {
      expect(write('one')).toMatchObject({ _tag: 'Left' })
    })
    expect(text()).toMatch(/InvalidChange/)
    act(() => {
      expect(write(1)).toMatchObject({ _tag: 'Right' })
    })
    expect(text()).toBe('"fine"')
    const { renders } = counts
    act(() => {
      write(2)
    })
    expect(counts.renders).toBe(renders)
    expect(changes.size).toBe(1)
  })
})

describe('Types of hooks', () => {
  test('tell what a selector gives, member by member, and that a field may be null', () => {
    const store = createStore(model, 'alice')
    const optional = createStore(
      scuttlebutt<O.Option<number>, number>({
        name: 'Optional',
        change: t.number,
        empty: O.none,
        apply: (updates) => () => ({ state: O.some(updates.at(-1)![0]), superseded: [] }),
      }),
      'alice',
    )
    const table = createStore(rows, 'alice')
    const { Show, seen } = showing(({ isOn }: { readonly isOn: boolean }) => {
      const value: number | null | undefined = useReplica(store, (state) => (isOn ? Model.get('x')(state) : null))
      const either: number | string | undefined = useReplica(store, (state) => (isOn ? Model.get('x')(state) : 'off'))
      const state: O.Option<number> = useReplica(optional)
      const title: string | null | undefined = useRow(table, 'r', ['title'])?.title
      // @ts-expect-error a field may be null, as after an undo
      const wrong: string | undefined = title
      return [value, either, state, wrong]
    })
    const { render } = mount(createElement(Show, { isOn: false }))
    expect(seen.at(-1)).toEqual([null, 'off', O.none, undefined])
    act(() => {
      store.change(Model.set('x', 1))
      optional.change(2)
      table.change(Doc.set('r', { title: 'a' }))
      table.change(Doc.set('r', { title: null }))
    })
    render(createElement(Show, { isOn: true }))
    expect(seen.at(-1)).toEqual([1, 1, O.some(2), null])
  })
})

describe('useChange of another store', () => {
  test('shows no refusal of the one before', () => {
    const [one, two] = [createStore(model, 'alice'), createStore(model, 'bob')]
    let write: (value: unknown) => unknown = () => undefined
    const { Show } = showing(({ store }: { readonly store: typeof one }) => {
      const [change, refusal] = useChange(store)
      write = (value) => change(Model.set('x', value as number))
      return refusal?._tag ?? 'fine'
    })
    const { text, render } = mount(createElement(Show, { store: one }))
    const writes = (value: unknown): void => {
      act(() => void write(value))
    }
    writes('one')
    expect(text()).toBe('"InvalidChange"')
    render(createElement(Show, { store: two }))
    expect(text()).toBe('"fine"')
    writes(2)
    writes('two')
    expect(text()).toBe('"InvalidChange"')
    render(createElement(Show, { store: one }))
    expect(text()).toBe('"fine"')
  })
})

describe('useSync', () => {
  test('renders when a member of the status changes, and only then', () => {
    let status = { phase: 'syncing', unsent: 0 }
    const listeners = new Set<() => void>()
    const connection = {
      status: () => ({ ...status }),
      subscribe: (listener: () => void) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    }
    const { Show, counts } = showing(() => useSync(connection))
    const { text, unmount } = mount(createElement(Show))
    const say = (next: typeof status): void => {
      status = next
      act(() => {
        for (const listener of listeners) listener()
      })
    }
    const { renders } = counts
    say({ phase: 'syncing', unsent: 0 })
    expect(counts.renders).toBe(renders)
    say({ phase: 'synced', unsent: 0 })
    expect(text()).toBe('{"phase":"synced","unsent":0}')
    unmount()
    expect(listeners.size).toBe(0)
  })

  test('shows how a real connection stands: what is unsaved, synced, and offline', async () => {
    const [ann, ben] = [createStore(model, 'ann'), createStore(model, 'ben')]
    ann.change(Model.set('x', 1))
    const { port1, port2 } = new MessageChannel()
    const connection = connect(ann, messagePort(port1 as never))
    const { Show } = showing(() => {
      const { phase, unsent, refused } = useSync(connection)
      return [phase, unsent, refused]
    })
    const { text } = mount(createElement(Show), { isStrict: true })
    expect(text()).toBe('["connecting",1,false]')
    const shows = (shown: string): Promise<void> =>
      vi.waitFor(
        () => {
          expect(text()).toBe(shown)
        },
        { timeout: 20_000 },
      )
    let other: ReturnType<typeof connect> | undefined
    await withoutAct(async () => {
      other = connect(ben, messagePort(port2 as never))
      await shows('["synced",0,false]')
      expect(Model.toJSON(ben.getReplica().state)).toEqual({ x: 1 })
      connection.close()
      await shows('["offline",0,false]')
    })
    other!.close()
  })
})

describe('A store in Redux', () => {
  test('shows in hooks what react-redux shows, also after a jump', () => {
    const { store, redux, liftedStore } = inRedux(model)
    type State = ReturnType<typeof redux.getState>
    const { Show } = showing(() => [
      useSelector(({ doc }: State) => Model.toJSON(doc.state)['x'] ?? null),
      useReplica(store, Model.get('x')) ?? null,
      useEntry(store, 'x') ?? null,
    ])
    const { text } = mount(createElement(Provider, { store: redux, children: createElement(Show) }), { isStrict: true })
    act(() => {
      store.change(Model.set('x', 1))
      store.change(Model.set('x', 2))
    })
    expect(text()).toBe('[2,2,2]')
    act(() => {
      liftedStore.dispatch({ type: 'JUMP_TO_STATE', index: 1, actionId: 1 } as never)
    })
    expect(text()).toBe('[1,1,1]')
    act(() => {
      store.apply([[['x', 3], Date.now() + NOW, 'bob']] as ReadonlyArray<Update<Model.Change<number>>>)
      liftedStore.dispatch({ type: 'JUMP_TO_STATE', index: 3, actionId: 3 } as never)
    })
    expect(text()).toBe('[3,3,3]')
  })
})

test("React's own linter has nothing to say about the hooks", async () => {
  const eslint = new ESLint({
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ['**/*.ts'],
        languageOptions: { parser: tseslint.parser },
        plugins: { 'react-hooks': hooks as never },
        rules: hooks.configs.flat['recommended-latest'].rules,
      },
    ],
  })
  const results = await eslint.lintFiles(['src/adapters/react.ts', 'src/adapters/react/*.ts'])
  expect(results.length).toBe(3)
  expect(results.flatMap(({ messages }) => messages)).toEqual([])
  const [wrong] = await eslint.lintText(
    `import { useState } from 'react'\nexport const useIt = (a) => a ? useState(0) : 0`,
    { filePath: 'wrong.ts' },
  )
  expect(wrong?.errorCount).toBeGreaterThan(0)
})
