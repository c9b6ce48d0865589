# SPDX-License-Identifier: Apache-2.0
"""Passes TCP connections on to a unix socket. Frozen with SIGSTOP, it is a network that carries nothing any more.

    stalling_proxy.py SOCKET ADDRESS
"""

import asyncio
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main(path, address):
    async def connected(reader, writer):
        try:
            ours = await asyncio.open_unix_connection(path)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, ours[1]), pump(ours[0], writer))

    server = await asyncio.start_server(connected, address, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
