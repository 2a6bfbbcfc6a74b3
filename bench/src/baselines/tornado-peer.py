"""The synchronous peer: a Tornado process that runs handlers inside of the request, as Jet Bridge (1.13.1) does.

As there, a handler is called in a pool of as many threads as there are cores, the answer is turned into JSON for each
request, and Tornado logs a line of it. Left out is what Jet Bridge does besides: asking who is calling, headers for browsers,
a session of its database. Nothing is stored.

    python3 tornado-peer.py LIST    LIST: a file with the answer to get_action_list
"""

import json
import multiprocessing
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import tornado
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.log import enable_pretty_logging
from tornado.netutil import bind_sockets
from tornado.options import options
from tornado.web import Application, RequestHandler

with open(sys.argv[1], encoding='utf-8') as file:
    ACTION_LIST = json.load(file)

# What the actions of the bench do with one record (actions/actions.mjs).
HANDLERS = {
    'nothing': lambda record, form: None,
    'wait': lambda record, form: time.sleep(form['ms'] / 1000),
}


def get_action_list(params):
    return 200, ACTION_LIST


def execute_action(params):
    handle = HANDLERS[params['name']]
    records = params['ids'] if 'ids' in params else [params['id']]
    for record in records:
        handle(record, params.get('params', {}))
    return 201, {'result': True}


MESSAGES = {'get_action_list': get_action_list, 'execute_action': execute_action}
POOL = ThreadPoolExecutor(max_workers=multiprocessing.cpu_count())


class MessagesHandler(RequestHandler):
    async def post(self):
        message = json.loads(self.request.body)
        answer = MESSAGES[message['name']]
        status, body = await IOLoop.current().run_in_executor(POOL, answer, message.get('params', {}))
        self.set_status(status)
        self.set_header('Content-Type', 'application/json')
        self.finish(json.dumps(body))


options.logging = 'info'
enable_pretty_logging()
sockets = bind_sockets(0, '127.0.0.1')
server = HTTPServer(Application([(r'/api/messages/', MessagesHandler)]))
server.add_sockets(sockets)
port = sockets[0].getsockname()[1]
print(f'Tornado {tornado.version}, Python {platform.python_version()}, port {port}', flush=True)
IOLoop.current().start()
