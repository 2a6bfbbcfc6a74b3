export { type ConnectOptions, connect, parseRedisUrl, REDIS_URL_FORMS, type RedisClient } from './connect.js'
export { logOutages } from './log-outages.js'
export { Keys } from './keys.js'
export { whenReady } from './when-ready.js'
