import { type Bytes, concat, type EpochMs, epochMs } from '@kithnet/kernel'
import { storeError } from '@kithnet/store'
import type { StoredRecord } from '../record-store.ts'
import type { Files, OpenFile } from './files.ts'
import { frameAt, frameFor, frameHeadBytes, sealFrame } from './frames.ts'

/** A record as the journal has it. */
export interface JournalEntry {
  readonly bytes: Bytes
  readonly hash: Bytes
  readonly firstSeen: EpochMs
}

/** Before each record of a frame, little-endian: f64 first seen, 32 bytes of hash, u32 length. */
const entryHeadBytes = 8 + 32 + 4
const hashBytes = 32
const countBytes = 4

/** One call's records in one frame, which is there whole or not at all. */
export function encodeEntries(entries: readonly StoredRecord[]): Bytes {
  let bytes = countBytes
  for (const { record } of entries) bytes += entryHeadBytes + record.bytes.length
  const frame = frameFor(bytes)
  const view = new DataView(frame.buffer)
  view.setUint32(frameHeadBytes, entries.length, true)
  let at = frameHeadBytes + countBytes
  for (const { record, hash, firstSeen } of entries) {
    view.setFloat64(at, firstSeen, true)
    frame.set(hash, at + 8)
    view.setUint32(at + 8 + hashBytes, record.bytes.length, true)
    frame.set(record.bytes, at + entryHeadBytes)
    at += entryHeadBytes + record.bytes.length
  }
  sealFrame(frame)
  return frame
}

/** The records of a frame's body; their bytes are views into it. */
export function decodeEntries(body: Bytes): readonly JournalEntry[] {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const entries: JournalEntry[] = []
  let at = countBytes
  for (let left = view.getUint32(0, true); left > 0; left--) {
    const firstSeen = epochMs(view.getFloat64(at, true))
    const hash = body.subarray(at + 8, at + 8 + hashBytes)
    const start = at + entryHeadBytes
    at = start + view.getUint32(at + 8 + hashBytes, true)
    entries.push({ bytes: body.subarray(start, at), hash, firstSeen })
  }
  return entries
}

/**
 * Frames that are on disk before they are acknowledged, in numbered files. The last file may end in a torn frame, which
 * is cut when the journal is opened; nothing in it was acknowledged.
 */
export class Journal {
  readonly #files: Files
  readonly #path: string
  readonly #numbers: number[]
  #active: OpenFile | undefined
  #bytes: number
  #broken = false

  private constructor(files: Files, path: string, numbers: number[], bytes: number) {
    this.#files = files
    this.#path = path
    this.#numbers = numbers
    this.#bytes = bytes
  }

  /**
   * The journal in its folder and the bodies of its frames, oldest first. `salvage` also cuts a file that is not the last.
   *
   * @throws CodedError `store/corrupt` when a file that was complete is not.
   */
  static async open(
    files: Files,
    path: string,
    salvage: boolean,
  ): Promise<{ readonly journal: Journal; readonly bodies: readonly Bytes[] }> {
    const numbers = files.list(journalFolder).flatMap((name) => {
      const number = namePattern.exec(name)?.[1]
      return number === undefined ? [] : [Number(number)]
    })
    const bodies: Bytes[] = []
    let end = 0
    for (const [index, number] of numbers.entries()) {
      const file = files.open(fileOf(number))!
      try {
        const bytes = file.read(0, file.size())
        end = 0
        for (let body = frameAt(bytes, 0); body !== undefined; body = frameAt(bytes, end)) {
          bodies.push(body)
          end += frameHeadBytes + body.length
        }
        if (end === bytes.length) continue
        if (index < numbers.length - 1 && !salvage) {
          const reason = `${fileOf(number)} is damaged at byte ${end}`
          throw storeError({ code: 'store/corrupt', path, reason })
        }
        await file.truncate(end)
        await file.sync()
      } finally {
        file.close()
      }
    }
    return { journal: new Journal(files, path, numbers, end), bodies }
  }

  /** Bytes of the file that is written to. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Appends frames; resolves when they last. When they do not fit, none of them is there.
   *
   * @throws What the file system throws; CodedError `store/unavailable` once it is not known what is on the disk.
   */
  async append(frames: readonly Bytes[]): Promise<void> {
    if (this.#broken) {
      const reason = 'a write failed before, and what is on the disk is not known'
      throw storeError({ code: 'store/unavailable', path: this.#path, reason })
    }
    const group = frames.length === 1 ? frames[0]! : concat(...frames)
    const file = await this.#file()
    try {
      await file.write(this.#bytes, group)
    } catch (error) {
      await this.#cutBack(file)
      throw error
    }
    try {
      await file.sync()
      if (this.#bytes === 0) await this.#files.syncFolder(journalFolder)
    } catch (error) {
      // After a failed sync a later one may succeed without the data. Source: Rebello et al., "Can Applications
      // Recover from fsync Failures?", USENIX ATC 2020.
      this.#broken = true
      throw error
    }
    this.#bytes += group.length
  }

  /** Begins another file, unless this one is empty. The numbers of those before: to be dropped when their records are elsewhere. */
  rotate(): readonly number[] {
    if (this.#bytes === 0) return this.#numbers.slice(0, -1)
    this.#active?.close()
    this.#active = undefined
    const closed = [...this.#numbers]
    this.#numbers.push((this.#numbers.at(-1) ?? 0) + 1)
    this.#bytes = 0
    return closed
  }

  /** Removes files. */
  async drop(numbers: readonly number[]): Promise<void> {
    for (const number of numbers) {
      if (this.#files.list(journalFolder).includes(nameOf(number))) {
        await this.#files.remove(fileOf(number))
      }
      this.#numbers.splice(this.#numbers.indexOf(number), 1)
    }
  }

  close(): void {
    this.#active?.close()
    this.#active = undefined
  }

  async #file(): Promise<OpenFile> {
    if (this.#numbers.length === 0) this.#numbers.push(1)
    this.#active ??= await this.#files.make(fileOf(this.#numbers.at(-1)!))
    return this.#active
  }

  async #cutBack(file: OpenFile): Promise<void> {
    try {
      await file.truncate(this.#bytes)
    } catch {
      this.#broken = true
    }
  }
}

const journalFolder = 'kithnet/journal'
const namePattern = /^(\d{8})$/

function nameOf(number: number): string {
  return String(number).padStart(8, '0')
}

function fileOf(number: number): string {
  return `${journalFolder}/${nameOf(number)}`
}
