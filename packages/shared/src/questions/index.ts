export { Answerer, type AnswererOptions, type AnswerQuestion } from './answerer.js'
export { Asker, type AskerOptions } from './asker.js'
export {
  collectionTopic,
  messageTopic,
  type MessageQuestion,
  type OptionsQuestion,
  optionsTopic,
  type RecordsQuestion,
} from './topics.js'
