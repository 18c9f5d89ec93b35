/** A CodeMirror 6 editor on a store of a text, in forty lines without comments. */
import { Annotation, Transaction, type ChangeSet } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { Text } from '../../../src/index.js'
import type { Pad } from './Pad.js'

const remote = Annotation.define<boolean>()

export const bindCodeMirror = (store: Pad, parent: Element) => {
  /** What the editor displays: behind the store while an input method composes. */
  let shown = store.getReplica().state
  let isBusy = false
  const undoable: (readonly [before: Text.State, after: Text.State])[] = []

  const write = (changes: ChangeSet): void => {
    const edits: Text.Edit[] = []
    changes.iterChanges((from, to, _, __, inserted) => edits.push({ from, to, insert: inserted.toString() }))
    const before = store.getReplica().state
    const base = shown === before ? shown : Text.close(shown)
    isBusy = true
    const made = store.change((_, stamp) => Text.edit(edits)(base, stamp))
    isBusy = false
    if (made._tag === 'Left') return
    shown = shown === before ? store.getReplica().state : Text.apply([made.right])(base).state
    undoable.push([before, store.getReplica().state])
  }

  const catchUp = (): void => {
    if (isBusy || view.compositionStarted) return
    const changes = [...Text.changesSince(shown)(store.getReplica().state)]
    shown = store.getReplica().state
    if (changes.length > 0)
      view.dispatch({ changes, annotations: [remote.of(true), Transaction.addToHistory.of(false)] })
  }

  const listener = EditorView.updateListener.of(({ transactions, changes, docChanged }) => {
    if (docChanged && !transactions.some((transaction) => transaction.annotation(remote))) write(changes)
  })
  const composition = EditorView.domEventHandlers({ compositionend: () => void setTimeout(catchUp) })
  const view: EditorView = new EditorView({ doc: Text.toString(shown), parent, extensions: [listener, composition] })
  const unsubscribe = store.subscribe(catchUp)
  const undo = (): unknown => undoable.length > 0 && store.change(Text.revert(...undoable.pop()!))
  return { view, undo, unsubscribe, caret: () => Text.cursorAt(view.state.selection.main.head, 1)(shown) }
}
