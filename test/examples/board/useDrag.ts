/** Dragging of rows by mouse, pen and finger. */
import { useState, type PointerEvent as ReactPointerEvent } from 'react'
import { columnNamed } from './board.js'
import type { Place } from './moves.js'

export interface Dragged {
  readonly id: string
  /** Where it would drop. */
  readonly place: Place | undefined
}

/** A press that moves so many px becomes a drag. */
const SLACK = 5

/** Near the edge of the window the page scrolls: how near, and how far at a time, in px. */
const EDGE = 70
const SCROLL = 14

/**
 * What is being dragged, and the handler of a press on a row. Escape cancels. The dragged element
 * is moved by its style: React renders again only when the place is another one.
 */
export const useDrag = (drop: (id: string, place: Place) => void) => {
  const [dragged, setDragged] = useState<Dragged>()

  const press = (event: ReactPointerEvent<HTMLElement>, id: string): void => {
    const card = event.currentTarget.closest<HTMLElement>('[data-row]')
    if (card === null || event.button !== 0) return
    const start = { x: event.pageX, y: event.pageY }
    const listening = new AbortController()
    let place: Place | undefined
    let isDragging = false

    const move = (moved: PointerEvent): void => {
      const [x, y] = [moved.pageX - start.x, moved.pageY - start.y]
      if (!isDragging && Math.hypot(x, y) < SLACK) return
      if (!isDragging) (document.activeElement as HTMLElement | null)?.blur()
      moved.preventDefault()
      card.style.transform = `translate(${String(x)}px, ${String(y)}px) rotate(1.2deg)`
      if (moved.clientY < EDGE) scrollBy(0, -SCROLL)
      else if (moved.clientY > innerHeight - EDGE) scrollBy(0, SCROLL)
      const next = placeAt(moved.clientX, moved.clientY, id)
      if (!isDragging || next?.column !== place?.column || next?.before !== place?.before)
        setDragged({ id, place: next })
      isDragging = true
      place = next
    }
    const end = (isDrop: boolean): void => {
      listening.abort()
      card.style.transform = ''
      setDragged(undefined)
      if (isDrop && isDragging && place !== undefined) drop(id, place)
    }

    const options = { signal: listening.signal }
    addEventListener('pointermove', move, options)
    addEventListener(
      'pointerup',
      () => {
        end(true)
      },
      options,
    )
    addEventListener(
      'pointercancel',
      () => {
        end(false)
      },
      options,
    )
    addEventListener(
      'keydown',
      ({ key }) => {
        if (key === 'Escape') end(false)
      },
      options,
    )
    addEventListener(
      'selectstart',
      (selection) => {
        if (isDragging) selection.preventDefault()
      },
      options,
    )
  }

  return { dragged, press }
}

export type Press = ReturnType<typeof useDrag>['press']

/** The place under a point of the window, or that of the nearest column. */
const placeAt = (x: number, y: number, id: string): Place | undefined => {
  const lists = [...document.querySelectorAll<HTMLElement>('[data-column]')]
  const [nearest] = lists
    .map((list) => ({ list, distance: distanceTo(list.getBoundingClientRect(), x, y) }))
    .sort((a, b) => a.distance - b.distance)
  const column = columnNamed(nearest?.list.dataset['column'] ?? '')
  if (nearest === undefined || column === undefined) return undefined
  const rows = [...nearest.list.querySelectorAll<HTMLElement>('[data-row]')].filter((row) => row.dataset['row'] !== id)
  const below = rows.find((row) => {
    const { top, height } = row.getBoundingClientRect()
    return y < top + height / 2
  })
  return { column, before: below?.dataset['row'] }
}

const distanceTo = ({ left, right, top, bottom }: DOMRect, x: number, y: number): number =>
  Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom))
