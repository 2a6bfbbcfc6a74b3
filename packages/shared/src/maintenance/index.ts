export { Maintenance, type MaintenanceOptions } from './maintenance.js'
