import { useState, type KeyboardEvent, type PointerEvent } from 'react'
import { Doc } from 'scuttlebutt-ts'
import { useChange, useRow } from 'scuttlebutt-ts/react'
import type { Column } from '../board.js'
import { idsIn, placeByKey, type Place } from '../moves.js'
import type { Press } from '../useDrag.js'
import { useOthersAt, useView } from '../View.js'
import { Faces } from './Faces.js'
import { CrossIcon, GripIcon } from './icons.js'

interface Props {
  readonly id: string
  readonly column: Column
  readonly isDragged: boolean
  readonly isDropBefore: boolean
  readonly press: Press
  readonly move: (id: string, place: Place) => void
}

export const Card = ({ id, column, isDragged, isDropBefore, press, move }: Props) => {
  const { rows, isPast, differing, say } = useView()
  const title = useRow(rows, id, ['title'])?.title ?? ''
  const [change] = useChange(rows)
  const here = useOthersAt(id)

  const onArrow = (event: KeyboardEvent): void => {
    const place = placeByKey(rows, column, id, event.key)
    if (place === undefined) return
    event.preventDefault()
    move(id, place)
  }
  const remove = (): void => {
    const ids = idsIn(column, rows)
    const index = ids.indexOf(id)
    change(Doc.remove(id))
    say(`${title}: removed`)
    // the focus would be lost with the row
    const next = ids[index + 1] ?? ids[index - 1]
    document.getElementById(next === undefined ? `add ${column.name}` : `move ${next}`)?.focus()
  }
  const pressCard = (event: PointerEvent<HTMLElement>): void => {
    const { target, pointerType } = event
    // a finger on the row scrolls the page, and a press on a button or in an open title is no drag
    if (isPast || pointerType !== 'mouse' || !(target instanceof Element)) return
    if (target.closest('button') === null && target !== document.activeElement) press(event, id)
  }
  return (
    <li
      className="card"
      data-row={id}
      data-place={id}
      data-dragged={isDragged}
      data-drop-before={isDropBefore}
      data-differs={differing.has(id)}
      style={here[0] && { outlineColor: `hsl(${String(here[0].hue)} 60% 50%)` }}
      data-others={here.length > 0}
      onPointerDown={pressCard}
    >
      <button
        id={`move ${id}`}
        className="grip"
        aria-label={`Move ${title}`}
        aria-describedby="how to move"
        disabled={isPast}
        onKeyDown={onArrow}
        onPointerDown={(event) => {
          press(event, id)
        }}
      >
        <GripIcon />
      </button>
      <Title title={title} isPast={isPast} write={(next) => change(Doc.set(id, { title: next }))} />
      <Faces people={here} />
      <button className="quiet" aria-label={`Remove ${title}`} disabled={isPast} onClick={remove}>
        <CrossIcon />
      </button>
    </li>
  )
}

interface TitleProps {
  readonly title: string
  readonly isPast: boolean
  readonly write: (title: string) => void
}

/** Written when Enter is pressed or the focus goes: until then others may write theirs. */
const Title = ({ title, isPast, write }: TitleProps) => {
  const [draft, setDraft] = useState<string>()
  const close = (isKept: boolean): void => {
    const next = draft?.trim() ?? ''
    if (isKept && next !== '' && next !== title) write(next)
    setDraft(undefined)
  }
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.nativeEvent.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return
    event.preventDefault()
    close(event.key === 'Enter')
  }
  return (
    <textarea
      rows={1}
      aria-label="Title"
      data-draft={draft === undefined ? undefined : true}
      readOnly={isPast}
      value={draft ?? title}
      onChange={({ target }) => {
        setDraft(target.value)
      }}
      onKeyDown={onKeyDown}
      onBlur={() => {
        close(true)
      }}
    />
  )
}
