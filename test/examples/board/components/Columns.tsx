import { flushSync } from 'react-dom'
import { useReplica, shallow } from 'scuttlebutt-ts/react'
import { COLUMNS, type Column as ColumnOf } from '../board.js'
import { idsIn, put, whereIs, type Place } from '../moves.js'
import { useDrag, type Dragged, type Press } from '../useDrag.js'
import { useView } from '../View.js'
import { AddRow } from './AddRow.js'
import { Card } from './Card.js'

export const Columns = () => {
  const { rows, isPast, say } = useView()
  const move = (id: string, place: Place): void => {
    if (isThere(id, place) || isPast) return
    // a row that comes to another column is another element
    flushSync(() => put(rows, id, place))
    document.getElementById(`move ${id}`)?.focus()
    say(whereIs(rows, id))
  }
  const isThere = (id: string, { column, before }: Place): boolean => {
    const ids = idsIn(column, rows)
    const index = ids.indexOf(id)
    return index >= 0 && (before === id || before === ids[index + 1])
  }
  const { dragged, press } = useDrag(move)
  return (
    <div className="columns" data-dragging={dragged !== undefined}>
      <p id="how to move" className="unseen">
        Arrow keys move the row. A pointer can drag it.
      </p>
      {COLUMNS.map((column) => (
        <Column key={column.name} {...{ column, dragged, press, move }} />
      ))}
    </div>
  )
}

interface ColumnProps {
  readonly column: ColumnOf
  readonly dragged: Dragged | undefined
  readonly press: Press
  readonly move: (id: string, place: Place) => void
}

const Column = ({ column, dragged, press, move }: ColumnProps) => {
  const { rows, isPast } = useView()
  const ids = useReplica(rows, (state) => column.rows.rows(state).map(({ id }) => id), shallow)
  const place = dragged?.place?.column === column ? dragged.place : undefined
  const isOver = place !== undefined
  return (
    <section className="column" data-column={column.name} data-over={isOver} aria-labelledby={`title ${column.name}`}>
      <h2 id={`title ${column.name}`}>
        {column.title} <span className="count">{ids.length}</span>
      </h2>
      <ul data-drop-last={isOver && place.before === undefined}>
        {ids.map((id) => (
          <Card
            key={id}
            id={id}
            column={column}
            isDragged={dragged?.id === id}
            isDropBefore={isOver && place.before === id}
            press={press}
            move={move}
          />
        ))}
      </ul>
      {!isPast && <AddRow column={column} />}
    </section>
  )
}
