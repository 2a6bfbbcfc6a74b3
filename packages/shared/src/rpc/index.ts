export { type Answer, RpcServer, type RpcServerOptions } from './rpc-server.js'
export { RpcClient, type RpcClientOptions } from './rpc-client.js'
export {
  collectionTopic,
  messageTopic,
  type MessageRequest,
  type OptionsRequest,
  optionsTopic,
  type RecordsRequest,
  type SealedQuestion,
} from './topics.js'
