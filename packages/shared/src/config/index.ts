export { type Duration, parseDuration } from './duration.js'
export {
  choice,
  ConfigProblems,
  duration,
  flag,
  integer,
  readSettings,
  type Setting,
  type Settings,
  settingsTable,
  text,
} from './settings.js'
export { forgetSecrets } from './forget-secrets.js'
export { fileStoreOptions, sharedSettings } from './shared-settings.js'
