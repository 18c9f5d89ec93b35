/** The operations of a local change in the making: a new stroke, or one that grows. */
import { isHide, isInsert, type Change, type Operation, type Ref } from './Change.js'
import { isHigh, isLow, type Edit } from './codeUnits.js'
import * as Doc from './Doc.js'
import type { Limits } from './State.js'
import * as Tree from './Tree.js'

/** More hidden units between two ranges are not looked at. */
const MAX_SPAN = 256

/** Units of one stroke that are hidden. `at` is the place in the operations. */
interface Hidden {
  readonly target: Doc.Key
  from: number
  count: number
  readonly at: number
}

export class Operations {
  private readonly doc: Doc.Doc
  private readonly own: Doc.Key
  private readonly stroke: Doc.Stroke | undefined
  private readonly made: [number, ...Operation[]]
  private readonly cursor: Tree.Cursor
  /** The newest operation on each stroke that may hide more of it. */
  private hidden: Map<Doc.Key, Hidden> | undefined
  private units = 0
  /** The first offset that lies within a surrogate pair, or -1. */
  split = -1

  /** `own.first` is 0 for a new stroke. */
  constructor(doc: Doc.Doc, own: Doc.Key, stroke: Doc.Stroke | undefined) {
    this.doc = doc
    this.own = own
    this.stroke = stroke
    this.made = stroke === undefined ? [0] : (stroke.update[0].slice() as [number, ...Operation[]])
    this.made[0] = own.first
    this.cursor = new Tree.Cursor()
  }

  /** Adds edits that are in order and within the text. */
  edit(edits: ReadonlyArray<Edit>): void {
    for (const { from, to, insert } of edits) {
      this.hide(from, to)
      if (insert !== '') this.insert(from, insert)
      else if (from === to && this.split < 0 && Doc.cutsPair(this.doc, from)) this.split = from
    }
  }

  /** Whether a stroke that grows keeps to the limits. */
  fits({ units, operations }: Limits): boolean {
    return (this.stroke?.size ?? 0) + this.units <= units && this.made.length - 1 <= operations
  }

  /** A stroke that nothing was added to gives an empty change. */
  change(): Change {
    return this.made.length === this.stroke?.update[0].length && this.isSame() ? [0] : this.made
  }

  private isSame(): boolean {
    return this.made.every((member, i) => i === 0 || member === this.stroke!.update[0][i])
  }

  /** Hides the visible units between two offsets. */
  hide(from: number, to: number): void {
    if (from === to) return
    const { cursor, doc } = this
    cursor.seekVisible(doc.root, from)
    this.check(from, cursor.serial, isLow)
    for (let rest = to - from; rest > 0;) {
      const count = Math.min(rest, cursor.length)
      if (cursor.isVisible) {
        this.hideRange(cursor.serial, count)
        rest -= count
        if (rest === 0) this.check(to, cursor.serial + count - 1, isHigh)
      }
      cursor.move(count)
    }
  }

  /** Notes an offset within a pair, if the unit at one side of it may be half of one. */
  private check(offset: number, serial: number, isHalf: (code: number) => boolean): void {
    const { text, at, serial: first } = Doc.runOf(this.doc, serial)
    if (this.split < 0 && isHalf(text.charCodeAt(at + serial - first)) && Doc.cutsPair(this.doc, offset)) {
      this.split = offset
    }
  }

  /** Hides units whose serials follow on. */
  hideRange(serial: number, count: number): void {
    for (let next = serial; next < serial + count;) {
      const run = Doc.runOf(this.doc, next)
      const end = Math.min(serial + count, run.serial + run.length)
      this.hideUnits(run.key, Doc.kAt(run, next), end - next)
      next = end
    }
  }

  private hideUnits(target: Doc.Key, k: number, count: number): void {
    this.hidden ??= new Map()
    const held = this.hidden.get(target) ?? this.lastHidden(target)
    if (held !== undefined && this.spans(held, k, count)) {
      const end = Math.max(held.from + held.count, k + count)
      held.from = Math.min(held.from, k)
      held.count = end - held.from
    } else {
      this.hidden.set(target, { target, from: k, count, at: this.made.length })
      this.made.push(['-', this.ref(target, k), count])
      return
    }
    this.hidden.set(target, held)
    this.made[held.at] = ['-', this.ref(target, held.from), held.count]
  }

  /** The operation at the end of the stroke that grows, if it hides units of `target`. */
  private lastHidden(target: Doc.Key): Hidden | undefined {
    const { stroke } = this
    if (this.made.length !== stroke?.update[0].length) return undefined
    const at = this.made.length - 1
    const last = this.made[at] as Operation | undefined
    if (last === undefined || at === 0 || !isHide(last)) return undefined
    if (!Doc.isSameStroke(Doc.strokeOf(last[1], this.own), target)) return undefined
    return { target, from: Doc.kOf(last[1]), count: last[2], at }
  }

  /** Whether no unit between a range and more units of its stroke is visible. */
  private spans({ target, from, count }: Hidden, k: number, more: number): boolean {
    const [low, high] = k < from ? [k + more, from] : [from + count, k]
    if (low >= high) return true
    if (high - low > MAX_SPAN) return false
    const { doc } = this
    for (let unit = low; unit < high; unit++) if (Tree.isVisible(doc, Doc.find(doc, target, unit)!)) return false
    return true
  }

  private insert(offset: number, text: string): void {
    const { cursor, doc } = this
    let left = Tree.START
    if (offset === 0) cursor.toStart(doc.root)
    else {
      cursor.seekVisible(doc.root, offset - 1)
      left = cursor.serial
      this.check(offset, left, isHigh)
      cursor.move(1)
    }
    this.insertAt(left, cursor.isAtRange ? cursor.serial : Tree.END, text)
  }

  /** Inserts a text behind a unit and before the next one. */
  insertAt(left: number, right: number, text: string): void {
    this.units += text.length
    if (this.typeOn(left, right, text)) return
    if (left === Tree.START) this.made.push(['+', text, 0, right === Tree.END ? 0 : this.refOf(right)])
    else {
      const run = Doc.runOf(this.doc, left)
      const k = Doc.kAt(run, left)
      const ref = this.ref(run.key, k)
      this.made.push(
        this.isNext(right, run.key, k)
          ? ['+', text, ref]
          : ['+', text, ref, right === Tree.END ? 0 : this.refOf(right)],
      )
    }
  }

  /** Adds an operation that changes no unit. */
  add(operation: Operation): void {
    this.made.push(operation)
  }

  /** Whether the last operation of the stroke that grows could be made longer by a text. */
  private typeOn(left: number, right: number, text: string): boolean {
    const { stroke, doc } = this
    if (left === Tree.START || this.made.length !== stroke?.update[0].length) return false
    const at = this.made.length - 1
    const last = this.made[at] as Operation
    if (at === 0 || !isInsert(last) || last !== stroke.update[0][at]) return false
    const run = Doc.runOf(doc, left)
    if (!Doc.isSameStroke(run.key, this.own) || Doc.kAt(run, left) !== stroke.size || run.right !== right) return false
    this.made[at] = last.length === 4 ? ['+', last[1] + text, last[2], last[3]] : ['+', last[1] + text, last[2]]
    return true
  }

  private isNext(right: number, key: Doc.Key, k: number): boolean {
    if (right === Tree.END) return false
    const run = Doc.runOf(this.doc, right)
    return Doc.isSameStroke(run.key, key) && Doc.kAt(run, right) === k + 1
  }

  private refOf(serial: number): Ref {
    const run = Doc.runOf(this.doc, serial)
    return this.ref(run.key, Doc.kAt(run, serial))
  }

  private ref(target: Doc.Key, k: number): Ref {
    return Doc.refTo(target, k, this.own)
  }
}
