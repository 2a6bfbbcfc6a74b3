import { callerOf, type GatewayContext } from '../http/context.js'
import type { CatalogView } from '../catalog/catalog-view.js'
import { answerJson } from '../http/context.js'
import type { ExecuteAction } from './execute-action.js'
import type { FieldOptions } from './field-options.js'
import { parseMessage } from './parse-message.js'

/** The messages endpoint (PROTOCOL.md sections 1 and 2). */
export class MessagesEndpoint {
  constructor(
    private readonly catalog: CatalogView,
    private readonly executeAction: ExecuteAction,
    private readonly fieldOptions: FieldOptions,
  ) {}

  async answer(ctx: GatewayContext): Promise<void> {
    const caller = callerOf(ctx)
    const { name, params } = parseMessage(ctx.request.body)
    ctx.state.logged = { message: name }
    switch (name) {
      case 'get_action_list':
        ctx.type = 'application/json; charset=utf-8'
        ctx.body = this.catalog.list
        return
      case 'execute_action':
        return await this.executeAction.answer(ctx, params)
      case 'get_field_options':
        return answerJson(ctx, 200, await this.fieldOptions.find(params, caller))
      default:
        // What Jet Bridge and Jet Django answer to a name that nobody handles.
        ctx.status = 200
        ctx.body = ''
    }
  }
}
