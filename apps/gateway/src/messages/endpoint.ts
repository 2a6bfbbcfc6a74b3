import { cutText } from '@flexaction/shared/texts'
import { callerOf, type GatewayContext } from '../http/context.js'
import { LONGEST_NAME, requireName } from '../access/visible-actions.js'
import type { CatalogAction, CatalogView } from '../catalog/catalog-view.js'
import { isDefined } from '../catalog/find-action.js'
import { answerJson } from '../http/context.js'
import type { ExecuteAction } from './execute-action.js'
import type { FieldOptions } from './field-options.js'
import type { ActionList } from './action-list.js'
import { type JsonObject, parseMessage, refuseDeep } from './parse-message.js'

/** The messages endpoint (PROTOCOL.md sections 1 and 2). */
export class MessagesEndpoint {
  constructor(
    private readonly catalog: CatalogView,
    private readonly executeAction: ExecuteAction,
    private readonly actionList: ActionList,
    private readonly fieldOptions: FieldOptions,
  ) {}

  async answer(ctx: GatewayContext): Promise<void> {
    const caller = callerOf(ctx)
    const { name, params } = parseMessage(ctx.request.body)
    ctx.state.logged = { message: cutText(name, LONGEST_NAME) }
    requireName('name', name)
    switch (name) {
      case 'get_action_list':
        ctx.type = 'application/json; charset=utf-8'
        ctx.body = await this.actionList.read(params, caller)
        return
      case 'execute_action':
        return await this.#execute(ctx, params)
      case 'get_field_options':
        return answerJson(ctx, 200, await this.fieldOptions.find(params, caller))
      default:
        return await this.#custom(ctx, name, params)
    }
  }

  /** A handler of this very message is for the actions that are not defined otherwise. */
  async #execute(ctx: GatewayContext, params: JsonObject): Promise<void> {
    const handler = this.catalog.message('execute_action')
    if (handler && !isDefined(this.catalog.actions, params)) await this.#answerBy(handler, ctx, params)
    else await this.executeAction.answer(ctx, params, this.fieldOptions)
  }

  async #custom(ctx: GatewayContext, name: string, params: JsonObject): Promise<void> {
    const handler = this.catalog.message(name)
    if (handler) return await this.#answerBy(handler, ctx, params)
    // What Jet Bridge and Jet Django answer to a name that nobody handles.
    ctx.status = 200
    ctx.body = ''
  }

  async #answerBy(handler: CatalogAction, ctx: GatewayContext, params: JsonObject): Promise<void> {
    refuseDeep('ids', params.ids)
    await this.executeAction.answerMessage(ctx, handler, params)
  }
}
