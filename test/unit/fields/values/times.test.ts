import { field } from '@flexaction/shared/fields'
import { checkValues } from './check-values.js'

const MOMENT_RULE = 'must be a date and time like 2026-01-31T09:30:00Z'
const SECONDS_RULE = 'must be seconds since 1970, or a date and time like 2026-01-31T09:30:00Z'

checkValues([
  {
    title: 'DateTimeField',
    field: field.dateTime(),
    accepts: [
      ['2026-01-31T09:30:00Z', new Date('2026-01-31T09:30:00.000Z')],
      ['2026-01-31T09:30:00+02:00', new Date('2026-01-31T07:30:00.000Z')],
      ['2026-01-31T09:30:00-0530', new Date('2026-01-31T15:00:00.000Z')],
      ['2026-01-31T09:30:00+02', new Date('2026-01-31T07:30:00.000Z')],
      ['2026-01-31T09:30:00', new Date('2026-01-31T09:30:00.000Z')],
      ['2026-01-31T09:30', new Date('2026-01-31T09:30:00.000Z')],
      ['2026-01-31 09:30:00 +02:00', new Date('2026-01-31T07:30:00.000Z')],
      ['2026-01-31', new Date('2026-01-31T00:00:00.000Z')],
      [' 2026-01-31t09:30:00.5z ', new Date('2026-01-31T09:30:00.500Z')],
      ['2026-01-31T09:30:00.123456Z', new Date('2026-01-31T09:30:00.123Z')],
      ['2024-02-29', new Date('2024-02-29T00:00:00.000Z')],
      ['2000-02-29', new Date('2000-02-29T00:00:00.000Z')],
      ['0050-06-01', new Date('0050-06-01T00:00:00.000Z')],
    ],
    refuses: [
      ['2026-02-30', `${MOMENT_RULE}, received "2026-02-30"`],
      ['2025-02-29', `${MOMENT_RULE}, received "2025-02-29"`],
      ['1900-02-29', `${MOMENT_RULE}, received "1900-02-29"`],
      ['2026-04-31', `${MOMENT_RULE}, received "2026-04-31"`],
      ['2026-13-01', `${MOMENT_RULE}, received "2026-13-01"`],
      ['2026-00-01', `${MOMENT_RULE}, received "2026-00-01"`],
      ['2026-01-00', `${MOMENT_RULE}, received "2026-01-00"`],
      ['0000-01-01', `${MOMENT_RULE}, received "0000-01-01"`],
      ['2026-01-31T24:00', `${MOMENT_RULE}, received "2026-01-31T24:00"`],
      ['2026-01-31T09:60', `${MOMENT_RULE}, received "2026-01-31T09:60"`],
      ['2026-01-31T09:30:60', `${MOMENT_RULE}, received "2026-01-31T09:30:60"`],
      ['2026-01-31T09:30+24:00', `${MOMENT_RULE}, received "2026-01-31T09:30+24:00"`],
      ['2026-01-31T09:30+02:60', `${MOMENT_RULE}, received "2026-01-31T09:30+02:60"`],
      ['2026-01-31T', `${MOMENT_RULE}, received "2026-01-31T"`],
      ['2026-01-31 or so', `${MOMENT_RULE}, received "2026-01-31 or so"`],
      ['31.01.2026', `${MOMENT_RULE}, received "31.01.2026"`],
      [1_700_000_000, `${MOMENT_RULE}, received 1700000000`],
    ],
  },
  {
    title: 'DateTimeField by the clock of Vienna',
    field: field.dateTime({ timeZone: 'Europe/Vienna' }),
    accepts: [
      ['2026-01-31T09:30', new Date('2026-01-31T08:30:00.000Z')],
      ['2026-07-31T09:30', new Date('2026-07-31T07:30:00.000Z')],
      ['2026-07-31', new Date('2026-07-30T22:00:00.000Z')],
      // An offset wins.
      ['2026-07-31T09:30Z', new Date('2026-07-31T09:30:00.000Z')],
      // Skipped: put forward from 2:00 to 3:00.
      ['2026-03-29T01:59:59.999', new Date('2026-03-29T00:59:59.999Z')],
      ['2026-03-29T02:30', new Date('2026-03-29T01:30:00.000Z')],
      ['2026-03-29T03:00', new Date('2026-03-29T01:00:00.000Z')],
      // Shown twice: put back from 3:00 to 2:00.
      ['2026-10-25T02:30', new Date('2026-10-25T00:30:00.000Z')],
      ['2026-10-25T03:00', new Date('2026-10-25T02:00:00.000Z')],
    ],
    refuses: [['2026-02-30', `${MOMENT_RULE}, received "2026-02-30"`]],
  },
  {
    title: 'TimestampField by the clock of Kathmandu',
    field: field.timestamp({ timeZone: 'Asia/Kathmandu' }),
    accepts: [
      ['2026-01-31T09:30', new Date('2026-01-31T03:45:00.000Z')],
      [1_700_000_000, new Date('2023-11-14T22:13:20.000Z')],
    ],
    refuses: [['now', `${SECONDS_RULE}, received "now"`]],
  },
  {
    title: 'TimestampField in seconds',
    field: field.timestamp(),
    accepts: [
      [0, new Date('1970-01-01T00:00:00.000Z')],
      [1_700_000_000, new Date('2023-11-14T22:13:20.000Z')],
      [1_700_000_000.25, new Date('2023-11-14T22:13:20.250Z')],
      ['1700000000', new Date('2023-11-14T22:13:20.000Z')],
      [' 1700000000.25 ', new Date('2023-11-14T22:13:20.250Z')],
      [1_700_000_000_000, new Date('2023-11-14T22:13:20.000Z')],
      ['1700000000000', new Date('2023-11-14T22:13:20.000Z')],
      [99_999_999_999, new Date('5138-11-16T09:46:39.000Z')],
      [100_000_000_000, new Date('1973-03-03T09:46:40.000Z')],
      [1.005, new Date('1970-01-01T00:00:01.005Z')],
      [-1, new Date('1969-12-31T23:59:59.000Z')],
      ['2023-11-14T23:13:20+01:00', new Date('2023-11-14T22:13:20.000Z')],
    ],
    refuses: [
      ['now', `${SECONDS_RULE}, received "now"`],
      ['2026-02-30', `${SECONDS_RULE}, received "2026-02-30"`],
      [8.64e15 + 2, `${SECONDS_RULE}, received 8640000000000002`],
      [true, `${SECONDS_RULE}, received true`],
      [{}, `${SECONDS_RULE}, received an object`],
    ],
  },
  {
    title: 'TimestampField in milliseconds',
    field: field.timestamp({ unit: 'ms' }),
    accepts: [
      [1_700_000_000, new Date('1970-01-20T16:13:20.000Z')],
      ['1700000000000', new Date('2023-11-14T22:13:20.000Z')],
      ['2023-11-14', new Date('2023-11-14T00:00:00.000Z')],
    ],
    refuses: [['x', 'must be milliseconds since 1970, or a date and time like 2026-01-31T09:30:00Z, received "x"']],
  },
  {
    title: 'DateField',
    field: field.date(),
    accepts: [
      ['2026-01-31', '2026-01-31'],
      ['2026-01-31T23:30:00-05:00', '2026-02-01'],
      ['2026-01-31 23:30', '2026-01-31'],
    ],
    refuses: [
      ['2026-02-30', 'must be a date like 2026-01-31, received "2026-02-30"'],
      ['2026-01-31T99:00', 'must be a date like 2026-01-31, received "2026-01-31T99:00"'],
      ['2026-1-31', 'must be a date like 2026-01-31, received "2026-1-31"'],
      [20260131, 'must be a date like 2026-01-31, received 20260131'],
    ],
  },
  {
    title: 'TimeField',
    field: field.time(),
    accepts: [
      ['09:30', '09:30:00'],
      ['09:30:15', '09:30:15'],
      ['23:59:59.999', '23:59:59'],
      [' 00:00 ', '00:00:00'],
    ],
    refuses: [
      ['24:00', 'must be a time like 09:30 or 09:30:00, received "24:00"'],
      ['9:30', 'must be a time like 09:30 or 09:30:00, received "9:30"'],
      ['09:60', 'must be a time like 09:30 or 09:30:00, received "09:60"'],
      ['09:30:60', 'must be a time like 09:30 or 09:30:00, received "09:30:60"'],
      [930, 'must be a time like 09:30 or 09:30:00, received 930'],
    ],
  },
])
