export { parseDataKeys } from './data-keys.js'
export { Keyring, type Secrets, UnreadableSecrets } from './keyring.js'
export { putSecrets, SECRET, secretsOfQuestion, secretsOfRun, takeSecrets } from './secret-fields.js'
export { SecretMask } from './secret-mask.js'
