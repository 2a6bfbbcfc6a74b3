import type { z } from 'zod'
import type { Needs } from '../../access/gate.js'
import * as queries from './queries.js'
import type * as schemas from './schemas.js'

type SchemaName = keyof typeof schemas

/** One route of the API. */
export interface DocumentedRoute {
  method: 'get' | 'post' | 'delete'
  /** Below the API's prefix, as the router has it. */
  path: string
  summary: string
  query?: z.ZodObject
  body?: SchemaName
  /** Headers of the request that change what is done, and how. */
  headers?: Readonly<Record<string, string>>
  /** The status of a good answer, and what it holds: a schema's name, or a media type. */
  answers: GoodAnswer
  /** Other good answers. */
  alsoAnswers?: readonly GoodAnswer[]
  /** The lowest role that is let in, or nothing: the gate reads it here (access/needs.ts). */
  needs: Needs
  /** Statuses of refusals, besides 401 and 503. */
  refusals?: readonly number[]
  /** 400 tells messages by field. */
  fieldErrors?: true
  /** Refused as Jet Admin's client understands it: 403 in place of 401, and no codes. */
  jetErrors?: true
}

type GoodAnswer = readonly [status: number, content: SchemaName | `${string}/${string}` | null]

const steering = (word: string, effect: string): DocumentedRoute => ({
  method: 'post',
  path: `/runs/:id/${word}`,
  // Which action's runs, the action decides.
  needs: 'viewer',
  summary: effect,
  answers: [200, 'run'],
  refusals: [403, 404, 409],
})

/** Every route below the API's prefix. A test holds it against the router. */
export const ROUTES: readonly DocumentedRoute[] = [
  {
    method: 'get',
    path: '',
    needs: 'nothing',
    summary: 'Version, and the connection check',
    answers: [200, 'version'],
  },
  {
    method: 'post',
    path: '/messages',
    needs: 'viewer',
    summary: "Jet Admin's messages: the list of actions, executing one, options of a field",
    body: 'message',
    headers: {
      Prefer: '`wait=<seconds>`, or `respond-async`: how long the answer may wait for the end of the run',
      'Idempotency-Key': 'The same key and message find the first run again',
    },
    answers: [200, 'application/json'],
    alsoAnswers: [
      [201, 'application/json'],
      [202, 'queuedRun'],
    ],
    refusals: [400, 403, 409, 413, 415, 500],
    fieldErrors: true,
    jetErrors: true,
  },
  {
    method: 'get',
    path: '/runs',
    needs: 'viewer',
    summary: 'Runs, newest first',
    query: queries.runsQuery,
    answers: [200, 'runsPage'],
    refusals: [400],
  },
  { method: 'get', path: '/runs/:id', needs: 'viewer', summary: 'A run', answers: [200, 'run'], refusals: [404] },
  {
    method: 'get',
    path: '/runs/:id/items',
    needs: 'viewer',
    summary: 'What became of each record, in the order in which they were sent',
    query: queries.itemsQuery,
    answers: [200, 'itemsPage'],
    refusals: [400, 404],
  },
  {
    method: 'get',
    path: '/runs/:id/items.csv',
    needs: 'viewer',
    summary: 'The same as CSV',
    query: queries.csvQuery,
    answers: [200, 'text/csv'],
    refusals: [400, 404],
  },
  {
    method: 'get',
    path: '/runs/:id/failures',
    needs: 'viewer',
    summary: 'Why records failed, by cause',
    answers: [200, 'failures'],
    refusals: [404],
  },
  {
    method: 'get',
    path: '/failures',
    needs: 'viewer',
    summary: 'The same over the newest runs of an action',
    query: queries.failuresQuery,
    answers: [200, 'failures'],
    refusals: [400],
  },
  {
    method: 'get',
    path: '/runs/:id/input',
    needs: 'operator',
    summary: 'What was sent: form and selection',
    query: queries.inputQuery,
    answers: [200, 'runInput'],
    refusals: [400, 403, 404],
  },
  {
    method: 'get',
    path: '/runs/:id/log',
    needs: 'operator',
    summary: 'Lines that handlers wrote',
    query: queries.logQuery,
    answers: [200, 'itemLog'],
    refusals: [403, 404],
  },
  {
    method: 'get',
    path: '/runs/:id/events',
    needs: 'viewer',
    summary: 'The run at each change, as server-sent events',
    answers: [200, 'text/event-stream'],
    refusals: [404],
  },
  steering('cancel', 'Gives a run up'),
  steering('resume-listing', 'Lets a listing that failed go on from where it stopped'),
  steering('pause', 'Begins nothing more of a run'),
  steering('resume', 'Lets a paused or halted run go on'),
  {
    ...steering('retry', 'Reopens an ended run for its failed items, or for those that are named'),
    body: 'retry',
    refusals: [400, 403, 404, 409, 413, 415],
    fieldErrors: true,
  },
  {
    method: 'get',
    path: '/actions',
    needs: 'viewer',
    summary: 'What is published, and who serves it',
    answers: [200, 'actions'],
  },
  { method: 'get', path: '/workers', needs: 'viewer', summary: 'Live workers', answers: [200, 'workers'] },
  {
    method: 'get',
    path: '/scale',
    needs: 'viewer',
    summary: 'What a group of workers has to do: for autoscalers',
    query: queries.scaleQuery,
    answers: [200, 'scale'],
    refusals: [400, 404],
  },
  {
    method: 'get',
    path: '/history',
    needs: 'viewer',
    summary: 'What ended when',
    query: queries.historyQuery,
    answers: [200, 'history'],
    refusals: [400],
  },
  {
    method: 'get',
    path: '/collections',
    needs: 'viewer',
    summary: 'Collections that can be listed',
    answers: [200, 'collections'],
  },
  {
    method: 'get',
    path: '/collections/:name/records',
    needs: 'viewer',
    summary: 'Records of a collection, asked of a live worker; its permission says who may read them',
    query: queries.recordsQuery,
    answers: [200, 'recordsPage'],
    refusals: [400, 403, 404],
  },
  {
    method: 'get',
    path: '/wire',
    needs: 'operator',
    summary: 'The last messages',
    answers: [200, 'wire'],
    refusals: [403],
  },
  {
    method: 'get',
    path: '/files/:id',
    needs: 'nothing',
    summary: 'A file that a handler returned, by its signed address',
    query: queries.fileQuery,
    answers: [200, 'application/octet-stream'],
    refusals: [404],
  },
  { method: 'get', path: '/session', needs: 'nothing', summary: 'Who has logged in', answers: [200, 'session'] },
  {
    method: 'post',
    path: '/session',
    needs: 'nothing',
    summary: 'Logs a browser in',
    body: 'login',
    answers: [200, 'session'],
    refusals: [400, 401, 403, 413, 415],
    fieldErrors: true,
  },
  {
    method: 'delete',
    path: '/session',
    needs: 'nothing',
    summary: 'Logs it out',
    answers: [204, null],
    refusals: [403],
  },
  {
    method: 'get',
    path: '/session/oidc',
    needs: 'nothing',
    summary: "To the organisation's login, where there is one",
    query: queries.nextQuery,
    answers: [302, null],
    refusals: [404],
  },
  {
    method: 'get',
    path: '/session/oidc/callback',
    needs: 'nothing',
    summary: 'Back from it, logged in',
    answers: [302, null],
    refusals: [404],
  },
  {
    method: 'get',
    path: '/openapi.json',
    needs: 'nothing',
    summary: 'This document',
    answers: [200, 'application/json'],
  },
]
