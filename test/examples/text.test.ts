/** Two editors on two stores that hear each other: `text/codemirror.ts` and `text/textarea.ts`. */
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createStore } from '../../src/adapters/store.js'
import { scuttlebutt, Text } from '../../src/index.js'
import type { bindCodeMirror as Bind } from './text/codemirror.js'
import type { Pad } from './text/Pad.js'
import { bindTextarea } from './text/textarea.js'

/** The package brings no types. */
interface Jsdom {
  readonly JSDOM: new (html: string, options: object) => { readonly window: Window & typeof globalThis }
}

const JSDOM = 'jsdom'
const { window } = new ((await import(JSDOM)) as Jsdom).JSDOM('<!doctype html><body></body>', {
  pretendToBeVisual: true,
})
const browser = {
  window,
  Window: window.Window,
  document: window.document,
  MutationObserver: window.MutationObserver,
  requestAnimationFrame: window.requestAnimationFrame.bind(window),
  getComputedStyle: window.getComputedStyle.bind(window),
}
for (const [name, value] of Object.entries(browser)) vi.stubGlobal(name, value)

afterAll(() => {
  window.close() // or an editor measures itself once more
  vi.unstubAllGlobals()
})

// it looks at the browser while it loads
const { bindCodeMirror } = (await import('./text/codemirror.js')) as { bindCodeMirror: typeof Bind }

const padOf = (id: string): Pad => createStore(scuttlebutt(Text), id)

let ann: Pad
let ben: Pad
/** What has been said and not heard yet. */
let isCut: boolean

const link = (from: Pad, to: Pad): void => {
  from.subscribe((updates) => {
    if (!isCut) to.apply(updates)
  })
}

const meet = (): void => {
  isCut = false
  const { history } = scuttlebutt(Text)
  const [first, second] = [history()(ann.getReplica()), history()(ben.getReplica())]
  ben.apply(first)
  ann.apply(second)
}

beforeEach(() => {
  isCut = false
  ;[ann, ben] = [padOf('ann'), padOf('ben')]
  link(ann, ben)
  link(ben, ann)
})

const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

describe('Two CodeMirror editors', () => {
  const both = () => [bindCodeMirror(ann, window.document.body), bindCodeMirror(ben, window.document.body)] as const

  test('show what is typed on either side', () => {
    const [a, b] = both()
    a.view.dispatch({ changes: { from: 0, insert: 'hello world' } })
    expect(b.view.state.doc.toString()).toBe('hello world')
    b.view.dispatch({
      changes: [
        { from: 0, to: 1, insert: 'H' },
        { from: 11, insert: '!' },
      ],
    })
    expect(a.view.state.doc.toString()).toBe('Hello world!')
    expect(Text.toString(ann.getReplica().state)).toBe('Hello world!')
  })

  test('agree after both typed apart', () => {
    const [a, b] = both()
    a.view.dispatch({ changes: { from: 0, insert: 'one three' } })
    isCut = true
    for (const [i, letter] of ['t', 'w', 'o', ' '].entries())
      a.view.dispatch({ changes: { from: 4 + i, insert: letter } })
    b.view.dispatch({ changes: { from: 9, insert: ' four' } })
    meet()
    expect(a.view.state.doc.toString()).toBe('one two three four')
    expect(b.view.state.doc.toString()).toBe('one two three four')
  })

  test('leave an input method alone while it composes, and catch up after', async () => {
    const [a, b] = both()
    a.view.dispatch({ changes: { from: 0, insert: 'abc' } })
    a.view.contentDOM.dispatchEvent(new window.CompositionEvent('compositionstart'))
    a.view.dispatch({ changes: { from: 3, insert: 'k' } })
    b.view.dispatch({ changes: { from: 0, insert: '> ' } })
    expect(a.view.state.doc.toString()).toBe('abck')
    a.view.dispatch({ changes: { from: 3, to: 4, insert: 'か' } })
    expect(b.view.state.doc.toString()).toBe('> abcか')
    a.view.contentDOM.dispatchEvent(new window.CompositionEvent('compositionend'))
    await nextTurn()
    expect(a.view.state.doc.toString()).toBe('> abcか')
  })

  test("show the other's caret where it is, as a cursor sent beside the document", () => {
    const [a, b] = both()
    a.view.dispatch({ changes: { from: 0, insert: 'abc' } })
    b.view.dispatch({ selection: { anchor: 2 } })
    const caret = b.caret()
    a.view.dispatch({ changes: { from: 0, insert: '12' } })
    expect(Text.offsetOf(caret)(ann.getReplica().state)).toEqual({ _tag: 'Some', value: 4 })
    expect(b.view.state.selection.main.head).toBe(4)
  })

  test('undo what was typed here, and not what came', () => {
    const [a, b] = both()
    a.view.dispatch({ changes: { from: 0, insert: 'abc' } })
    b.view.dispatch({ changes: { from: 3, insert: '!' } })
    a.view.dispatch({ changes: { from: 1, insert: 'XY' } })
    expect(b.view.state.doc.toString()).toBe('aXYbc!')
    a.undo()
    expect(b.view.state.doc.toString()).toBe('abc!')
    a.undo()
    expect(a.view.state.doc.toString()).toBe('!')
    expect(b.view.state.doc.toString()).toBe('!')
  })
})

describe('Two textareas', () => {
  const areaOn = (pad: Pad): HTMLTextAreaElement => {
    const area = window.document.createElement('textarea')
    bindTextarea(pad, area)
    return area
  }
  const type = (area: HTMLTextAreaElement, value: string): void => {
    area.value = value
    area.dispatchEvent(new window.Event('input'))
  }

  test('show what is typed on either side, and keep the selection with its text', () => {
    const [a, b] = [areaOn(ann), areaOn(ben)]
    type(a, 'hello world')
    expect(b.value).toBe('hello world')
    b.setSelectionRange(6, 11)
    type(a, 'Oh, hello world')
    expect(b.value).toBe('Oh, hello world')
    expect(b.value.slice(b.selectionStart, b.selectionEnd)).toBe('world')
  })

  test('leave an input method alone while it composes, and catch up after', () => {
    const [a, b] = [areaOn(ann), areaOn(ben)]
    type(a, 'abc')
    a.dispatchEvent(new window.CompositionEvent('compositionstart'))
    type(a, 'abck')
    type(b, `> ${b.value}`)
    expect(a.value).toBe('abck')
    type(a, 'abcか')
    expect(b.value).toBe('> abcか')
    a.dispatchEvent(new window.CompositionEvent('compositionend'))
    expect(a.value).toBe('> abcか')
  })
})
