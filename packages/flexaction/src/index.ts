/** What authors of actions import: `import { defineAction, records, field, ActionError } from 'flexaction'`. */
export * from '@flexaction/shared'
