# SPDX-License-Identifier: Apache-2.0
"""Passes TCP connections on, until the server says a certain thing: that, and all behind it, never arrives.

Then the connections stand as if nothing had happened, also when the client goes (--then silence), or the one to the server is
reset (--then reset). One line is printed for each connection that has come so far."""

import argparse
import asyncio
import json
import socket
import struct

options = argparse.ArgumentParser()
options.add_argument("--address", default="127.0.0.1")
options.add_argument("--port", type=int, default=0)
options.add_argument("--to", type=int)
options.add_argument("--swallow")
options.add_argument("--then", choices=["silence", "reset"], default="silence")
arguments = options.parse_args()


async def connected(reader, writer):
    server_reader, server_writer = await asyncio.open_connection("127.0.0.1", arguments.to)

    async def up():
        while data := await reader.read(65536):
            server_writer.write(data)

    asyncio.ensure_future(up())
    seen = b""
    while data := await server_reader.read(65536):
        seen += data
        if arguments.swallow.encode() in seen:
            break
        writer.write(data)
    if arguments.then == "reset":
        linger = struct.pack("ii", 1, 0)
        server_writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        server_writer.close()
    print("swallowed", flush=True)
    await asyncio.Event().wait()


async def main():
    server = await asyncio.start_server(connected, arguments.address, arguments.port)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(main())
