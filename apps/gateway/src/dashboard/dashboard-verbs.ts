import type { Role } from '@flexaction/shared'

/**
 * What the dashboard may be asked to do, by bull-board's own routes, and who may ask for it. Whatever is not listed does not
 * exist. `action`: whoever may run the queue's action, since the same is done to its runs by steering. Jobs are never added,
 * changed or removed here: they belong to runs, and runs are steered.
 */
export const DASHBOARD_VERBS: Readonly<Record<string, Role | 'action'>> = {
  'get /api/redis/stats': 'viewer',
  'get /api/queues': 'viewer',
  'get /api/job-schedulers': 'viewer',
  'get /api/queues/:queueName/metrics': 'viewer',
  'get /api/queues/:queueName/default-job-options': 'viewer',
  'get /api/queues/:queueName/workers': 'viewer',
  'get /api/queues/:queueName/rate-limit': 'viewer',
  'get /api/queues/:queueName/job-data-schema': 'viewer',
  'get /api/queues/:queueName/:jobId': 'viewer',
  'get /api/queues/:queueName/:jobId/flow': 'viewer',
  // What handlers wrote: as in the API.
  'get /api/queues/:queueName/:jobId/logs': 'operator',
  'put /api/queues/:queueName/:jobId/retry': 'action',
  'put /api/queues/:queueName/:jobId/promote': 'action',
  'put /api/queues/pause': 'admin',
  'put /api/queues/resume': 'admin',
  'put /api/queues/:queueName/pause': 'admin',
  'put /api/queues/:queueName/resume': 'admin',
  'put /api/queues/:queueName/promote': 'admin',
  'put /api/queues/:queueName/retry/:queueStatus': 'admin',
}
