"""The hosts that the documentation names, for its snippets: every host behind one Unix socket, over
TLS or in plain text, with a certificate of an authority made for the moment.
"""
import base64
import hashlib
import http.server
import json
import pathlib
import socket
import socketserver
import ssl
import struct
import subprocess
import threading

HOSTS = ["example.com", "*.example.com", "a.example", "b.example", "slow.example", "internal.example", "service.example",
         "localhost"]

# What an API answers; every other path of it is a list.
VALUES = {
    "/token": {"access_token": "a token", "token_type": "Bearer", "expires_in": 3600},
    "/users/7": {"id": 7, "name": "Ada"},
}
EVENTS = {
    "/v1/chat/completions": [json.dumps({"choices": [{"delta": {"content": t}}]}) for t in ("Hel", "lo")] + ["[DONE]"],
    "/events": ["one", "two"],
}


def make_certificates(folder: pathlib.Path) -> None:
    """ca.pem, and leaf.pem with leaf.key for all hosts."""
    names = ",".join(f"DNS:{h}" for h in HOSTS)
    (folder / "leaf.cnf").write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\n")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=snippets root")
    openssl("req", *key, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=snippets")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "leaf.cnf", "-out", "leaf.pem")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_) -> None:
        pass

    def read_content(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return content

    def answer(self) -> None:
        content = self.read_content()
        path = self.path.partition("?")[0]
        if self.headers.get("upgrade") == "websocket" and "sec-websocket-key" in self.headers:
            self.echo_messages()
        elif "upgrade" in self.headers:
            self.switch([("Upgrade", self.headers["upgrade"])])
            self.wfile.write(self.rfile.read1(65536))
        elif path in EVENTS and "last-event-id" in self.headers:
            self.give(204, "text/plain", b"")  # no more of them
        elif path in EVENTS:
            text = "".join(f"id: {i}\ndata: {data}\n\n" for i, data in enumerate(EVENTS[path]))
            self.give(200, "text/event-stream", text.encode())
        elif path == "/missing":
            self.give(404, "application/problem+json", b'{"title": "Not there", "detail": "It was moved"}')
        elif path == "/log":
            self.give(200, "application/jsonl", b'{"level": "info"}\n{"level": "error"}\n')
        elif path in VALUES or self.headers["host"].startswith("api."):
            self.give(200, "application/json", json.dumps(VALUES.get(path, [1, 2, 3])).encode())
        else:
            self.give(200, "text/plain; charset=utf-8", b"Hello from " + self.headers["host"].encode() + b"\n")

    def give(self, status: int, media_type: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.send_header("Set-Cookie", "id=1; Path=/")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def switch(self, headers: list) -> None:
        self.send_response(101)
        for name, value in [("Connection", "Upgrade"), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True

    def echo_messages(self) -> None:
        """RFC 6455: messages of less than 64 KiB, and the closing handshake."""
        key = self.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        chosen = [("Sec-WebSocket-Protocol", p.strip())
                  for p in self.headers.get("sec-websocket-protocol", "").split(",")[:1] if p]
        self.switch([("Upgrade", "websocket"), ("Sec-WebSocket-Accept", accept), *chosen])
        while head := self.rfile.read(2):
            length = head[1] & 127
            if length == 126:
                length = struct.unpack("!H", self.rfile.read(2))[0]
            mask = self.rfile.read(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(length)))
            size = bytes([length]) if length < 126 else struct.pack("!BH", 126, length)
            self.wfile.write(head[:1] + size + data)
            if head[0] & 15 == 8:
                break

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_PROPFIND = answer


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: pathlib.Path):
        super().__init__(str(folder / "socket"), Handler)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "leaf.pem", folder / "leaf.key")

    def finish_request(self, request, client_address) -> None:
        request.settimeout(10)
        try:
            if request.recv(1, socket.MSG_PEEK) == b"\x16":  # a handshake record
                request = self.context.wrap_socket(request, server_side=True)
            Handler(request, client_address, self)
        except OSError:  # a client that refuses the certificate, or has enough
            pass

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, daemon=True).start()
