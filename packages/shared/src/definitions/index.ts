export { isActionDefinition } from './define-action.js'
export { isCollectionDefinition } from './define-collection.js'
export { isFileResult } from './result.js'
export { isMessageDefinition, takeAddedMessages } from './define-message.js'
