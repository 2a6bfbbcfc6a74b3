import type { RecordId } from './context.js'
import type { Permission } from './permission.js'

export interface ListRequest {
  /** What the last page's `next` was; absent for the first page. */
  cursor: string | undefined
  /** Most records wanted. */
  limit: number
  /** What a person typed to find a record; absent when all are wanted. */
  search: string | undefined
  signal: AbortSignal
}

export interface ListedRecord<Id = RecordId> {
  id: Id
  /** What a person recognises the record by; from JavaScript it may be left out, and is the id then. */
  label: string
}

export interface RecordPage<Id = RecordId> {
  records: ListedRecord<Id>[]
  /** Where the next page starts: a text that is not empty. Absent on the last page. */
  next?: string | undefined
}

export interface CollectionOptions {
  /** The collection's name, as Jet Admin knows it. */
  name: string
  /**
   * Lists one page of records in a stable order. Ids are texts, whole numbers up to 2^53-1, or BigInts, which become texts; any other
   * id, or one that a page has twice, fails the listing.
   */
  list(request: ListRequest): Promise<RecordPage<RecordId | bigint>> | RecordPage<RecordId | bigint>
  /** Lowest role that may read its records, or `{ groups: […] }`. Default `operator`. Runs on all of its records need none. */
  permission?: Permission
}

const COLLECTION = Symbol.for('flexaction.collection')

/** A declared collection. Made by {@link defineCollection} only. */
export interface CollectionDefinition {
  readonly [COLLECTION]: true
  readonly name: string
  readonly options: CollectionOptions
}

/** Declares how the worker lists a collection's records, page by page. */
export function defineCollection(options: CollectionOptions): CollectionDefinition {
  return { [COLLECTION]: true, name: options.name, options }
}

export function isCollectionDefinition(value: unknown): value is CollectionDefinition {
  return typeof value === 'object' && value !== null && COLLECTION in value
}
