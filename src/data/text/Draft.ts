/** Updates applied to a text: a draft takes strokes one by one, and gives the next {@link Doc}. */
import { compare, type Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { isHide, isInsert, type Change, type Hide, type Insert, type Operation, type Ref } from './Change.js'
import * as Doc from './Doc.js'
import * as Open from './Open.js'
import { Placing } from './Placing.js'
import * as Ranges from './Ranges.js'
import * as Tree from './Tree.js'

/** An operation that hides this many pieces that are hidden already is remembered. */
const WASTE = 16

/** A stroke while it is applied. */
type Progress = { -readonly [P in keyof Doc.Stroke]: Doc.Stroke[P] }

/** Where an operation inserts, and what of its text. */
type Place = Pick<Open.TypingStart, 'at' | 'behind' | 'left' | 'right'>

export class Draft extends Placing implements Doc.Doc {
  swept: Ranges.Ranges<number>
  waiting: SortedMap.SortedMap<Doc.Wait, true>
  marks: SortedMap.SortedMap<Doc.MarkId, Operation>
  strokes: SortedMap.SortedMap<Doc.Key, Doc.Stroke>
  /** The operation that may grow at present; not in the tree yet. */
  open: Open.Open | null
  readonly superseded: Update<Change>[] = []
  /** Whether an update has changed what a stroke says. */
  isTouched = false
  /** The strokes of a batch in the making: `strokes` is behind. */
  private batch: SortedMap.Draft<Doc.Key, Doc.Stroke> | undefined
  /** A stroke was replaced: from now on strokes are only collected. */
  private isStale = false
  /** Strokes that waited go on at present: none of them becomes the open end. */
  private isWaking = false

  constructor(doc: Doc.Doc, open: Open.Open | null, isBatch: boolean) {
    super(doc)
    this.swept = doc.swept
    this.waiting = doc.waiting
    this.marks = doc.marks
    this.strokes = doc.strokes
    this.open = open
    if (isBatch) this.batch = new SortedMap.Draft(Doc.byKey, doc.strokes)
  }

  private strokeAt(key: Doc.Key): Doc.Stroke | undefined {
    return this.batch === undefined ? SortedMap.get(Doc.byKey, this.strokes, key) : this.batch.get(key)
  }

  private keep(stroke: Doc.Stroke): void {
    if (this.batch === undefined) this.strokes = SortedMap.set(Doc.byKey, this.strokes, stroke.key, stroke)
    else this.batch.set(stroke.key, stroke)
  }

  /** The finished text. The open end stays out of it. */
  done(): Doc.Doc {
    if (this.batch !== undefined) this.strokes = this.batch.done()
    if (this.isStale) return anew(this.strokes)
    const { root, index, units, runs, swept, waiting, marks, strokes } = this
    return { root, index, units, runs, swept, waiting, marks, strokes }
  }

  /** Applies an update. Costs as its operations; all is made anew in `done` if it took one back. */
  take(update: Update<Change>): void {
    if (update[0].length === 1 && update[0][0] === 0) {
      this.superseded.push(update)
      return
    }
    if (this.open !== null) {
      const grown = Open.grown(this.open, update)
      if (grown !== undefined) {
        this.superseded.push(this.open.update)
        this.open = grown
        this.isTouched = true
        return
      }
      this.flush()
    }
    const key = Doc.keyOf(update)
    const held = this.strokeAt(key)
    if (held === undefined) {
      this.isTouched = true
      this.proceed({ key, update, done: 0, size: 0, places: [], waits: null })
      return
    }
    const order = compare(held.update, update)
    if (order !== 0) this.superseded.push(order < 0 ? held.update : update)
    if (order >= 0) return
    this.isTouched = true
    if (!this.isStale && this.isGrown(held, update[0])) this.grow(held, update)
    else {
      this.isStale = true
      this.keep({ key: held.key, update, done: 0, size: 0, places: [], waits: null })
    }
  }

  /** Whether all operations done stand in a change: unchanged, or longer if it is the last. */
  private isGrown(stroke: Doc.Stroke, change: Change): boolean {
    const {
      key,
      update: [held],
      done,
    } = stroke
    if (change.length <= done) return false
    for (let i = 1; i < done; i++) if (!Open.isUnchanged(held[i], change[i])) return false
    if (done === 0) return true
    const [before, after] = [held[done] as Operation, change[done] as Operation]
    // a range that is not all here any more hides nothing
    if (isHide(after))
      return (
        Open.isGrownHide(before, after, key) &&
        Doc.kOf(after[1]) + after[2] - 1 <= (this.targetOf(stroke, after[1])?.size ?? 0)
      )
    return isInsert(after) ? Open.isGrownInsert(before, after) : Open.isUnchanged(before, after)
  }

  /** The stroke with a later update that only adds to what is done. */
  private grow(held: Doc.Stroke, update: Update<Change>): void {
    if (held.waits !== null) this.waiting = SortedMap.remove(Doc.byWait, this.waiting, held.waits)
    const { key, done, size, places } = held
    const stroke: Progress = { key, update, done, size, places, waits: null }
    if (held.done > 0) {
      const [before, after] = [held.update[0][held.done] as Operation, update[0][held.done] as Operation]
      if (isInsert(after)) {
        const at = (before as Insert)[1].length
        const last = Doc.serialOf(stroke, stroke.size)
        const { right } = Doc.runOf(this, last)
        if (at < after[1].length && this.type(stroke, after, at, last, right)) return
      } else if (isHide(after) && this.eraseOn(stroke, before as Hide, after)) return
    }
    this.proceed(stroke)
  }

  /** Does the operations that are not done yet, as far as what they refer to is here. */
  private proceed(stroke: Progress): void {
    if (this.isStale || !this.advance(stroke)) this.keep(stroke)
    if (!this.isStale && SortedMap.size(this.waiting) > 0) this.wake(stroke.key)
  }

  /** Whether the last operation has become the open end. */
  private advance(stroke: Progress): boolean {
    const change = stroke.update[0]
    while (stroke.done + 1 < change.length) {
      const operation = change[stroke.done + 1] as Operation
      let isOpen: boolean | undefined = false
      if (isInsert(operation)) isOpen = this.insertHere(stroke, operation)
      else if (isHide(operation)) isOpen = this.eraseHere(stroke, operation)
      else this.pass(stroke, operation)
      if (isOpen !== false) return isOpen === true
    }
    return false
  }

  /** Passes an operation that changes no unit, and keeps it if it is a mark. */
  private pass(stroke: Progress, operation: Operation): void {
    stroke.done++
    if (operation[0] !== '*') return
    this.marks = SortedMap.set(Doc.byMark, this.marks, { ...stroke.key, index: stroke.done }, operation)
  }

  /** The stroke of a unit, if the unit is here; else the stroke in hand waits for it. */
  private reach(stroke: Progress, ref: Ref, further: number): Doc.Stroke | undefined {
    const target = this.targetOf(stroke, ref)
    const k = Doc.kOf(ref) + further
    if (target !== undefined && k <= target.size) return target
    stroke.waits = { ...Doc.strokeOf(ref, stroke.key), k, waiter: stroke.key }
    this.waiting = SortedMap.set(Doc.byWait, this.waiting, stroke.waits, true)
    return undefined
  }

  private targetOf(own: Doc.Stroke, ref: Ref): Doc.Stroke | undefined {
    return Doc.refersTo(ref, own.key, own.key) ? own : this.strokeAt(Doc.strokeOf(ref, own.key))
  }

  /** Whether an operation that inserts has become the open end; undefined if it must wait. */
  private insertHere(stroke: Progress, operation: Insert): boolean | undefined {
    const ref = operation[2]
    let left = Tree.START
    if (ref !== 0) {
      const target = this.reach(stroke, ref, 0)
      if (target === undefined) return undefined
      left = Doc.serialOf(target, Doc.kOf(ref))
    }
    const next = this.next(left)
    let right = Tree.END
    const given = operation.length === 4 ? operation[3] : ref
    if (given !== 0) {
      const further = operation.length === 4 ? 0 : 1
      if (next !== Tree.END && this.isUnit(next, stroke.key, given, further)) right = next
      else {
        const target = this.reach(stroke, given, further)
        if (target === undefined) return undefined
        right = Doc.serialOf(target, Doc.kOf(given) + further)
      }
    }
    stroke.done++
    return this.type(stroke, operation, 0, left, next === right ? right : this.straightened(left, right))
  }

  /** Whether a unit is the one that an operation of the stroke `own` refers to. */
  private isUnit(serial: number, own: Doc.Key, ref: Ref, further: number): boolean {
    const run = Doc.runOf(this, serial)
    return Doc.kAt(run, serial) === Doc.kOf(ref) + further && Doc.refersTo(ref, own, run.key)
  }

  /**
   * Inserts the text of the stroke's operation in hand, from `at` on, behind `left`. Whether it has
   * become the open end instead.
   */
  private type(stroke: Progress, operation: Insert, at: number, left: number, right: number): boolean {
    const text = operation[1]
    const cursor = this.behind(left)
    const mayOpen = this.mayOpen(stroke)
    const offset = mayOpen ? cursor.offset : 0
    const behind = this.place(cursor, stroke.key, stroke.size + 1, left, right)
    if (mayOpen) {
      const { key, update, done, size, places } = stroke
      const before = behind === left ? offset : Tree.offsetBehind(this, behind)
      const start = { kind: '+', key, done, size, places, offset: before, at, behind, left, right } as const
      this.open = { start, update, from: 0, to: text.length - at, [Open.COMMITTED]: undefined }
      return true
    }
    this.insertRun(stroke, text, { at, behind, left, right })
    return false
  }

  /** Whether the last operation of the stroke is in hand, and nobody waits. */
  private mayOpen({ update, done }: Doc.Stroke): boolean {
    return done + 1 === update[0].length && !this.isWaking && SortedMap.size(this.waiting) === 0
  }

  /** Puts the text of an operation, from `at` on, behind a unit. */
  private insertRun(stroke: Progress, text: string, { at, behind, left, right }: Place): void {
    const serial = this.units
    const { key, size, places } = stroke
    const length = text.length - at
    this.insert(behind, serial, key, size + 1, left, right, text, at)
    const end = places.length
    const followsOn = end > 0 && serial === places[end - 1]! + size + 1 - places[end - 2]!
    if (!followsOn) stroke.places = places.concat(size + 1, serial)
    stroke.size = size + length
  }

  /** As {@link insertHere}, for an operation that hides. */
  private eraseHere(stroke: Progress, [, ref, count]: Hide): boolean | undefined {
    const target = this.reach(stroke, ref, count - 1)
    if (target === undefined) return undefined
    stroke.done++
    return this.hideUnits(stroke, target, Doc.kOf(ref), count, 0, 0)
  }

  /** Hides what the operation in hand hides beyond an earlier form of it. Whether it is open. */
  private eraseOn(stroke: Progress, [, held, less]: Hide, [, ref, more]: Hide): boolean {
    const target = this.targetOf(stroke, ref)!
    const [from, start] = [Doc.kOf(ref), Doc.kOf(held)]
    const [end, to] = [start + less, from + more]
    if (from === start) return end < to && this.hideUnits(stroke, target, end, to - end, end - from, 0)
    if (end === to) return this.hideUnits(stroke, target, from, start - from, 0, to - start)
    this.sweepUnits(target, from, start - from)
    this.sweepUnits(target, end, to - end)
    return false
  }

  /**
   * Hides `count` units of `target` from the `k`-th on. They are the open end instead if it can be:
   * then so many units of the operation, below and above these, are hidden already.
   */
  private hideUnits(
    own: Progress,
    target: Doc.Stroke,
    k: number,
    count: number,
    below: number,
    above: number,
  ): boolean {
    if (this.mayOpen(own) && this.openErasing(own, target, k, count, below, above)) return true
    this.sweepUnits(target, k, count)
    return false
  }

  private sweepUnits(stroke: Doc.Stroke, k: number, count: number): void {
    Doc.forEachPiece(stroke, k, count, (serial, length) => {
      this.sweep(serial, serial + length)
    })
  }

  /** Makes visible units the open end if they stand side by side in one run. */
  private openErasing(
    own: Doc.Stroke,
    stroke: Doc.Stroke,
    k: number,
    count: number,
    below: number,
    above: number,
  ): boolean {
    const serial = Doc.serialOf(stroke, k)
    const run = Doc.runOf(this, serial)
    const cursor = this.at(serial)
    const end = serial + count
    if (!cursor.isVisible || end > run.serial + run.length || count > cursor.length) return false
    const low = below > 0 ? serial : Math.max(run.serial, serial - cursor.within)
    const high = above > 0 ? end : Math.min(run.serial + run.length, serial + cursor.length)
    const offset = Tree.offsetOf(this, serial)
    const { key, update, done, size, places } = own
    const target = stroke.key
    const start = { kind: '-', key, done, size, places, offset, target, k, serial, low, high, below, above } as const
    this.open = { start, update, from: serial, to: end, [Open.COMMITTED]: undefined }
    return true
  }

  /** Hides units, and remembers the range if much of it was hidden before. */
  private sweep(from: number, to: number): void {
    let wasted = 0
    for (let next = from; next < to;) {
      const clean = Ranges.get(this.swept, next) ?? 0
      if (clean > next) next = clean
      else {
        const above = Ranges.above(this.swept, next)
        const stop = above < 0 ? to : Math.min(to, above)
        wasted += this.hide(next, stop - next)
        next = stop
      }
    }
    if (wasted <= WASTE) return
    const before = Ranges.start(this.swept, from)
    const low = before >= 0 && Ranges.get(this.swept, from)! >= from ? before : from
    let high = Math.max(to, Ranges.get(this.swept, from) ?? 0)
    high = Math.max(high, Ranges.get(this.swept, to) ?? 0)
    this.swept = Ranges.clear(this.swept, low, to, this.owner)
    this.swept = Ranges.set(this.swept, low, high, this.owner)
  }

  /** Goes on with the strokes that wait for units of a stroke that are here now. */
  private wake(key: Doc.Key): void {
    this.isWaking = true
    const grown = [key]
    for (let next = grown.pop(); next !== undefined; next = grown.pop()) {
      const size = this.strokeAt(next)?.size ?? 0
      const probe = { ...next, k: 0, waiter: next }
      for (;;) {
        const wait = SortedMap.entryAt(this.waiting, SortedMap.rank(Doc.byWait, this.waiting, probe))?.[0]
        if (wait === undefined || !Doc.isSameStroke(wait, next) || wait.k > size) break
        this.waiting = SortedMap.remove(Doc.byWait, this.waiting, wait)
        const stroke: Progress = { ...this.strokeAt(wait.waiter)!, waits: null }
        this.advance(stroke)
        this.keep(stroke)
        grown.push(stroke.key)
      }
    }
    this.isWaking = false
  }

  /** Puts the open end into the tree. */
  flush(): void {
    const { open } = this
    if (open === null) return
    this.open = null
    const { key, done, size, places } = open.start
    const stroke: Progress = { key, update: open.update, done, size, places, waits: null }
    if (Open.isTyping(open)) {
      this.insertRun(stroke, Open.operationText(open), open.start)
    } else this.hide(open.from, open.to - open.from)
    this.keep(stroke)
  }
}

/** The text made anew from the newest updates of all strokes. O(n log n). */
const anew = (strokes: SortedMap.SortedMap<Doc.Key, Doc.Stroke>): Doc.Doc => {
  const draft = new Draft(Doc.empty, null, true)
  SortedMap.forEach(strokes, ({ update }) => {
    draft.take(update)
  })
  draft.flush()
  return draft.done()
}
