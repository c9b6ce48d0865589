# SPDX-License-Identifier: Apache-2.0
"""A webhook receiver that speaks HTTP/2 over TLS (Hypercorn and h2). It prints {"port": N} when it listens, then one JSON
line for each request, as receiver.py does, with the version of HTTP that was spoken. Every request waits until `--together`
of them are there, so that a sender that does not use one connection for many never gets an answer."""

import argparse
import asyncio
import json
import socket
import time

from hypercorn.asyncio import serve
from hypercorn.config import Config

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--secret", action="append", default=[])
parser.add_argument("--address", default="127.0.0.1")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), required=True)
parser.add_argument("--together", type=int, default=1)
arguments = parser.parse_args()

present = 0
everyone = asyncio.Event()


async def receive(scope, receive, send):
    global present
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    request = {
        "method": scope["method"],
        "path": scope["path"],
        "headers": {name.decode(): value.decode() for name, value in scope["headers"]},
        "body": body.decode(),
        "verified": False,
        "client_port": scope["client"][1],
        "received_at": time.time(),
        "version": scope["http_version"],
    }
    print(json.dumps(request), flush=True)
    present += 1
    if present >= arguments.together:
        everyone.set()
    await everyone.wait()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def main():
    listener = socket.create_server((arguments.address, arguments.port))
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.certfile, config.keyfile = arguments.tls
    config.errorlog = None
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await serve(receive, config, shutdown_trigger=asyncio.Event().wait)


asyncio.run(main())
