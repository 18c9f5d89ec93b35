/** Undo of what is done on this page. */
import { useCallback, useEffect, useReducer, useSyncExternalStore } from 'react'
import { part } from 'scuttlebutt-ts/store'
import { createUndo, type Undoable, type UndoManager } from 'scuttlebutt-ts/undo'
import type { BoardStore, Change, State } from './board.js'

/** Each change of a row is a step of its own; a stretch of typing in the notes is one. */
export const openUndo = (store: Undoable<State, Change>): UndoManager<Change> => {
  const undo = createUndo(store)
  part(store, 'rows').subscribe((updates, { id }) => {
    if (updates.some(([, , source]) => source === id)) undo.stopCapturing()
  })
  return undo
}

/** What can be undone, as React sees it, by buttons and by Control-Z. */
export const useUndo = (store: BoardStore, undo: UndoManager<Change>, isOff: boolean) => {
  const subscribe = useCallback((wake: () => void) => store.subscribe(wake), [store])
  const canUndo = useSyncExternalStore(subscribe, undo.canUndo)
  const canRedo = useSyncExternalStore(subscribe, undo.canRedo)
  // a store tells of an undo before the manager has counted it
  const [, render] = useReducer((count: number) => count + 1, 0)
  const step = useCallback(
    (way: 'undo' | 'redo') => {
      undo[way]()
      render()
    },
    [undo],
  )
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const key = event.key.toLowerCase()
      if (!(event.ctrlKey || event.metaKey) || !['z', 'y'].includes(key) || isOff || isDraft(event.target)) return
      event.preventDefault()
      step(key === 'y' || event.shiftKey ? 'redo' : 'undo')
    }
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('keydown', onKey)
    }
  }, [step, isOff])
  return { canUndo: canUndo && !isOff, canRedo: canRedo && !isOff, step }
}

/** Whether an element holds text that is not yet written: there the browser's own undo counts. */
const isDraft = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('[data-draft]') !== null
