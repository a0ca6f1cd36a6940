"""A server of HTTP/3, with the package `aioquic`.

http3_server.py ADDRESS PORT FOLDER [WAY...]

Answers GET with a file of FOLDER/site, and anything else with the content of the request. The field
x-quic says the version of QUIC, and how often the keys have changed. FOLDER has site.pem and
site.key, and large.pem and large.key. The ways, alone or together:
  retry, v2, chacha20, aes256, keyupdate, large-chain
"""
import asyncio
import os
import sys

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ProtocolNegotiated
from aioquic.quic.packet import QuicProtocolVersion
from aioquic.tls import CipherSuite

address, port, folder, *ways = sys.argv[1:]


class Server(QuicConnectionProtocol):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.http = None
        self.requests = {}
        self.changes = 0

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        for each in self.http.handle_event(event) if self.http else ():
            if isinstance(each, HeadersReceived):
                self.requests.setdefault(each.stream_id, (dict(each.headers), []))
            elif isinstance(each, DataReceived):
                self.requests[each.stream_id][1].append(each.data)
            if isinstance(each, (HeadersReceived, DataReceived)) and each.stream_ended:
                self.answer(each.stream_id, *self.requests.pop(each.stream_id))

    def answer(self, stream, head, parts):
        if "keyupdate" in ways:
            self._quic.request_key_update()
            self.changes += 1
        status, content = 200, b"".join(parts)
        if head[b":method"] in (b"GET", b"HEAD"):
            file = folder + "/site" + head[b":path"].decode()
            if os.path.isfile(file):
                with open(file, "rb") as opened:
                    content = opened.read()
            else:
                status, content = 404, b""
        fields = [(b":status", str(status).encode()),
                  (b"content-length", str(len(content)).encode()),
                  (b"x-quic", f"{self._quic._version:#x} {self.changes}".encode())]
        if head[b":method"] == b"HEAD":
            content = b""
        self.http.send_headers(stream, fields, end_stream=not content)
        if content:
            self.http.send_data(stream, content, end_stream=True)
        self.transmit()


# aioquic takes the first version that the client names, which is version 1.
take_parameters = QuicConnection._parse_transport_parameters


def prefer_version_2(connection, *arguments, **named):
    take_parameters(connection, *arguments, **named)
    known = connection._remote_version_information
    if known is not None:
        known.available_versions.sort(key=lambda one: one != QuicProtocolVersion.VERSION_2)


async def main():
    how = QuicConfiguration(is_client=False, alpn_protocols=["h3"], max_datagram_size=1350)
    if "v2" in ways:
        QuicConnection._parse_transport_parameters = prefer_version_2
    if "chacha20" in ways:
        how.cipher_suites = [CipherSuite.CHACHA20_POLY1305_SHA256]
    if "aes256" in ways:
        how.cipher_suites = [CipherSuite.AES_256_GCM_SHA384]
    name = folder + ("/large" if "large-chain" in ways else "/site")
    how.load_cert_chain(name + ".pem", name + ".key")
    tickets = {}
    await serve(address, int(port), configuration=how, create_protocol=Server,
                retry="retry" in ways,
                session_ticket_fetcher=lambda name: tickets.pop(name, None),
                session_ticket_handler=lambda ticket: tickets.update({ticket.ticket: ticket}))
    print("ready", flush=True)
    await asyncio.Future()


asyncio.run(main())
