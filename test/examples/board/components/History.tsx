import { useSyncExternalStore } from 'react'
import type { Patch } from 'scuttlebutt-ts'
import type { LocalStore } from 'scuttlebutt-ts/store'
import type { UndoManager } from 'scuttlebutt-ts/undo'
import { board, type Change, type State } from '../board.js'
import { useUndo } from '../undo.js'
import type { Version, Versions } from '../versions.js'
import { useView } from '../View.js'
import { RedoIcon, UndoIcon } from './icons.js'

interface Props {
  readonly store: LocalStore<State, Change>
  readonly undo: UndoManager<Change>
  readonly versions: Versions
  /** From the version of now to the old one that is shown. */
  readonly patches: ReadonlyArray<Patch>
  readonly past: Version | undefined
  readonly setPast: (past: Version | undefined) => void
}

export const History = ({ store, undo, versions, patches, past, setPast }: Props) => {
  const { say } = useView()
  const all = useSyncExternalStore(versions.subscribe, versions.all)
  const { canUndo, canRedo, step } = useUndo(store, undo, past !== undefined)
  const last = all.length - 1
  const index = past === undefined ? last : Math.max(all.indexOf(past), 0)
  const show = (next: number): void => {
    setPast(next === last ? undefined : all[next])
  }
  const revert = (): void => {
    if (past === undefined) return
    undo.stopCapturing()
    // the way from now to then, as edits of one's own: others may go on meanwhile
    store.changeAll(board.dataType.patch!(board.diff(store.getReplica())(past.replica)))
    setPast(undefined)
    say(`Reverted to ${timeOf(past)}`)
  }
  return (
    <section className="history" aria-label="History" data-past={past !== undefined}>
      <button
        className="button"
        onClick={() => {
          step('undo')
        }}
        disabled={!canUndo}
      >
        <UndoIcon /> Undo
      </button>
      <button
        className="button"
        onClick={() => {
          step('redo')
        }}
        disabled={!canRedo}
      >
        <RedoIcon /> Redo
      </button>
      <input
        type="range"
        aria-label="Versions"
        aria-valuetext={`${String(index + 1)} of ${String(all.length)}, ${past === undefined ? 'now' : timeOf(past)}`}
        min={0}
        max={last}
        value={index}
        disabled={last === 0}
        onChange={({ target }) => {
          show(Number(target.value))
        }}
      />
      <output className="when">
        {past === undefined ? `Now, ${String(all.length)} versions` : `${timeOf(past)}: ${inWords(patches)}`}
      </output>
      {past !== undefined && (
        <>
          <button className="button primary" onClick={revert}>
            Revert to this
          </button>
          <button
            className="button"
            onClick={() => {
              setPast(undefined)
            }}
          >
            Back to now
          </button>
        </>
      )}
    </section>
  )
}

const timeOf = ({ time }: Version): string => new Date(time).toLocaleTimeString()

/** How an old version differs from now. */
const inWords = (patches: ReadonlyArray<Patch>): string => {
  const rows = new Set(patches.flatMap(({ at: [name, id] }) => (name === 'rows' ? [id] : []))).size
  const inRows = rows === 0 ? [] : [rows === 1 ? '1 row' : `${String(rows)} rows`]
  const inNotes = patches.some(({ at: [name] }) => name === 'notes') ? ['the notes'] : []
  const all = [...inRows, ...inNotes]
  return all.length === 0 ? 'as now' : `${all.join(' and ')} differ`
}
