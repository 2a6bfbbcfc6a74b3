/** Options of {@link records}. */
export interface RecordsOptions<Bulk extends boolean = boolean> {
  /** `true`: one handler call gets many ids (up to `batchSize`). Default `false`: one call per record. */
  bulk?: Bulk
  /** Most items in one batch; for bulk actions, in one handler call. 1 to 10,000; default 500, for bulk 100. */
  batchSize?: number
}

/** An action on selected records (`for_instance` in PROTOCOL.md section 3). */
export interface RecordsTarget<Bulk extends boolean = boolean> {
  readonly kind: 'records'
  readonly models: readonly string[]
  readonly bulk: Bulk
  readonly batchSize: number
}

/** An action on a collection as a whole. */
export interface CollectionTarget {
  readonly kind: 'collection'
  readonly models: readonly string[]
}

/** An action that belongs to no collection (`common_action`). */
export interface CommonTarget {
  readonly kind: 'common'
}

export type Target = RecordsTarget | CollectionTarget | CommonTarget

export const DEFAULT_BATCH_SIZE = 500
export const DEFAULT_BULK_BATCH_SIZE = 100

/**
 * The action applies to selected records of one collection, or of several.
 *
 * @example records('users', { bulk: true, batchSize: 100 })
 */
export function records<const Bulk extends boolean = false>(
  model: string | readonly string[],
  options: RecordsOptions<Bulk> = {},
): RecordsTarget<Bulk> {
  const bulk = (options.bulk ?? false) as Bulk
  const batchSize = options.batchSize ?? (bulk ? DEFAULT_BULK_BATCH_SIZE : DEFAULT_BATCH_SIZE)
  return { kind: 'records', models: [model].flat(), bulk, batchSize }
}

/** The action applies to a collection as a whole: no record is selected. */
export function collection(model: string | readonly string[]): CollectionTarget {
  return { kind: 'collection', models: [model].flat() }
}

/** The action is not connected to any collection. */
export function common(): CommonTarget {
  return { kind: 'common' }
}
