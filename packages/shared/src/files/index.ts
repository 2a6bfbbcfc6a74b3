export { type FileInfo, FileStore, type StoredFile } from './file-store.js'
