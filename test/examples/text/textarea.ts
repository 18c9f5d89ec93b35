/** A plain `<textarea>` on a store of a text. */
import { Text } from '../../../src/index.js'
import type { Pad } from './Pad.js'

export const bindTextarea = (store: Pad, area: HTMLTextAreaElement) => {
  /** What the area displays: behind the store while an input method composes. */
  let shown = store.getReplica().state
  let isBusy = false
  let isComposing = false
  area.value = Text.toString(shown)

  const write = (): void => {
    const before = store.getReplica().state
    const base = shown === before ? shown : Text.close(shown)
    isBusy = true
    const made = store.change((_, stamp) => Text.text(area.value)(base, stamp))
    isBusy = false
    if (made._tag === 'Left') return
    shown = shown === before ? store.getReplica().state : Text.apply([made.right])(base).state
  }

  const catchUp = (): void => {
    if (isBusy || isComposing) return
    const { state } = store.getReplica()
    const ends = [area.selectionStart, area.selectionEnd].map((offset) => Text.cursorAt(offset, 1)(shown))
    shown = state
    if (area.value === Text.toString(state)) return
    area.value = Text.toString(state)
    const [start, end] = ends.map((cursor) => Text.offsetOf(cursor)(state))
    if (start?._tag === 'Some' && end?._tag === 'Some') area.setSelectionRange(start.value, end.value)
  }

  const on = (event: string, listener: () => void) => {
    area.addEventListener(event, listener)
    return () => {
      area.removeEventListener(event, listener)
    }
  }
  const ends = [
    on('input', write),
    on('compositionstart', () => (isComposing = true)),
    on('compositionend', () => {
      isComposing = false
      catchUp()
    }),
    store.subscribe(catchUp),
  ]
  return () => {
    for (const end of ends) end()
  }
}
