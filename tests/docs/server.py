"""The hosts that the documentation names, for its snippets: every host behind one Unix socket, over
TLS or in plain text, with a certificate of an authority made for the moment.
"""
import http.server
import json
import pathlib
import socket
import socketserver
import ssl
import subprocess
import threading

HOSTS = ["example.com", "*.example.com", "a.example", "b.example", "slow.example", "internal.example", "service.example"]


def make_certificates(folder: pathlib.Path) -> None:
    """ca.pem, and leaf.pem with leaf.key for all hosts."""
    names = ",".join(f"DNS:{h}" for h in HOSTS)
    (folder / "leaf.cnf").write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")

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
        self.read_content()
        if "upgrade" in self.headers:
            self.send_response(101)
            self.send_header("Connection", "Upgrade")
            self.send_header("Upgrade", self.headers["upgrade"])
            self.end_headers()
            self.wfile.write(self.rfile.read1(65536))
            self.close_connection = True
            return
        api = self.headers["host"].startswith("api.")
        content = json.dumps([1, 2, 3]).encode() if api else b"Hello from " + self.headers["host"].encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if api else "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Set-Cookie", "id=1; Path=/")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

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
