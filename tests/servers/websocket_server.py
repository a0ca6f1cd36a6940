"""Echoes messages over WebSockets, with the package `websockets`.

websocket_server.py HTTP_PORT HTTPS_PORT CERTIFICATE KEY
"""
import asyncio
import ssl
import sys

import websockets


async def echo(socket, _path=None):
    async for message in socket:
        if message == "ping me":
            answered = await socket.ping("are you there")
            asyncio.ensure_future(tell(socket, answered))
        elif message == "close me":
            await socket.close(4001, "as you wish")
        elif message == "drop me":
            socket.transport.abort()
        elif isinstance(message, str) and message.startswith("split "):
            await socket.send(list(message))
        else:
            await socket.send(message)


async def tell(socket, answered):
    await answered
    await socket.send("pong: are you there")


async def main(plain, secure, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    options = {"subprotocols": ["chat"], "max_size": 2**26}
    async with websockets.serve(echo, "127.0.0.1", int(plain), **options), \
            websockets.serve(echo, "127.0.0.1", int(secure), ssl=context, **options):
        await asyncio.Future()


asyncio.run(main(*sys.argv[1:]))
