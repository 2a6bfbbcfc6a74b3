/** The typed client of the API: `import { FlexActionClient } from 'flexaction/client'`. */
export * from '@flexaction/client'
