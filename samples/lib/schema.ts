import type Database from 'libsql'

/** Money is kept in cents and times as ISO 8601 in UTC, so that sums are exact and texts sort like the times they name. */
const TABLES = `
  CREATE TABLE users (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    email        TEXT NOT NULL UNIQUE,
    status       TEXT NOT NULL CHECK (status IN ('active', 'inactive', 'unknown')),
    last_seen_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE mails (
    message_id TEXT PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    subject    TEXT NOT NULL,
    sent_at    TEXT NOT NULL
  ) STRICT;
  CREATE INDEX mails_by_user ON mails (user_id);

  CREATE TABLE accounts (
    id            INTEGER PRIMARY KEY,
    owner         INTEGER NOT NULL REFERENCES users (id),
    name          TEXT NOT NULL,
    currency      TEXT NOT NULL,
    balance_cents INTEGER NOT NULL CHECK (balance_cents >= 0)
  ) STRICT;
  CREATE INDEX accounts_by_owner ON accounts (owner);

  CREATE TABLE transfers (
    id                INTEGER PRIMARY KEY,
    idempotency_key   TEXT NOT NULL UNIQUE,
    account_from      INTEGER NOT NULL REFERENCES accounts (id),
    amount_from_cents INTEGER NOT NULL CHECK (amount_from_cents > 0),
    account_to        INTEGER NOT NULL REFERENCES accounts (id),
    amount_to_cents   INTEGER NOT NULL CHECK (amount_to_cents > 0),
    description       TEXT,
    date              TEXT NOT NULL,
    created_at        TEXT NOT NULL
  ) STRICT;
  CREATE INDEX transfers_by_account_from ON transfers (account_from);
  CREATE INDEX transfers_by_account_to ON transfers (account_to);
`

const VERSION = 1
const USERS = 5_000
const ACCOUNTS = 60
const DAY_MS = 86_400_000

const FIRST_NAMES = ['Ada', 'Björn', 'Chloé', 'Dmitri', 'Emeka', 'Fatima', 'Grace', 'Hiroshi', 'Inés', 'Jack']
const LAST_NAMES = [
  'Åkesson',
  'Brown',
  'Cohen',
  'Dubois',
  'Eze',
  'Fischer',
  'García',
  'Haddad',
  'Ito',
  'Jones',
  'Kowalski',
]
const STATUSES = ['active', 'inactive', 'unknown']
const CURRENCIES = ['EUR', 'USD', 'GBP']

/**
 * Creates the tables and their first records, once per file. Safe when several processes call it at the same moment, and
 * when one is killed in the middle: everything happens in one transaction, whose last step marks the file as prepared.
 */
export function prepareSchema(database: Database.Database): void {
  if (isPrepared(database)) return
  database
    .transaction(() => {
      // Another process may have prepared the file while this one waited for the lock.
      if (isPrepared(database)) return
      // No IF NOT EXISTS: a database with a `users` of its own is refused by this, and not filled with sample people.
      database.exec(TABLES)
      addUsers(database, Date.now())
      addAccounts(database)
      database.exec(`PRAGMA user_version = ${VERSION}`)
    })
    .immediate()
}

function isPrepared(database: Database.Database): boolean {
  const { user_version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  return user_version >= VERSION
}

/** The people are the same in every database; only their times follow `now`, so that some are always recently seen. */
function addUsers(database: Database.Database, now: number): void {
  const insert = database.prepare('INSERT INTO users (id, name, email, status, last_seen_at) VALUES (?, ?, ?, ?, ?)')
  for (let id = 1; id <= USERS; id++) {
    const name = `${pick(FIRST_NAMES, id)} ${pick(LAST_NAMES, id)}`
    const email = `${toAscii(name)}.${id}@example.${id % 2 === 0 ? 'com' : 'org'}`
    const daysAgo = (id * 37) % 91
    insert.run(id, name, email, pick(STATUSES, id), new Date(now - daysAgo * DAY_MS).toISOString())
  }
}

function addAccounts(database: Database.Database): void {
  const insert = database.prepare(
    'INSERT INTO accounts (id, owner, name, currency, balance_cents) VALUES (?, ?, ?, ?, ?)',
  )
  for (let id = 1; id <= ACCOUNTS; id++) {
    insert.run(id, id, `Account ${1000 + id}`, pick(CURRENCIES, id), 100_000 + ((id * 7_919) % 900_000))
  }
}

function pick(list: readonly string[], index: number): string | undefined {
  return list[index % list.length]
}

function toAscii(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .replace(' ', '.')
    .toLowerCase()
}
