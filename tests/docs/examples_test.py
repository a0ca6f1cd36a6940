"""Runs the examples against servers on this machine: examples_test.py FOLDER-OF-PROGRAMS."""
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import server  # noqa: E402

PAGES = {
    "/": '<a href="/about">About</a> <a href="missing">Broken</a> <a href="https://elsewhere.example/">Else</a>',
    "/about": '<a href="/#top">Home</a>',
}
FILM = b"a film\n" * 10_000


class Site(server.Handler):
    """The documentation's hosts, and what the examples need besides."""
    notes = {1: "tea"}
    stored = {}
    hooks = []
    film_requests = []
    dated_requests = []

    def answer(self) -> None:
        routes = [("GET", "/film.mkv", self.film), ("GET", "/dated.txt", self.dated), ("PUT", "/files/", self.store),
                  ("POST", "/hook", self.hook), ("GET", "/api/notes", self.list_notes),
                  ("POST", "/api/notes", self.add_note), ("DELETE", "/api/notes/", self.remove_note)]
        for verb, path, act in routes:
            if verb == self.command and self.path.startswith(path):
                return act()
        if self.command == "GET" and self.path in PAGES:
            return self.give(200, "text/html", PAGES[self.path].encode())
        return super().answer()

    def film(self) -> None:
        """The first answer breaks off in the middle."""
        begin = int(self.headers.get("range", "bytes=0-")[6:-1])
        self.film_requests.append(begin)
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(FILM) - 1}/{len(FILM)}")
        self.send_header("Content-Length", str(len(FILM) - begin))
        self.send_header("ETag", '"one"')
        self.end_headers()
        if len(self.film_requests) == 1:
            self.wfile.write(FILM[:30_000])
            self.close_connection = True
        else:
            self.wfile.write(FILM[begin:])

    def dated(self) -> None:
        self.dated_requests.append(self.headers.get("if-none-match"))
        unchanged = self.headers.get("if-none-match") == '"v1"'
        self.send_response(304 if unchanged else 200)
        self.send_header("ETag", '"v1"')
        self.send_header("Cache-Control", "no-cache" if "checked" in self.path else "max-age=60")
        if not unchanged:
            self.send_header("Content-Length", "5")
        self.end_headers()
        if not unchanged:
            self.wfile.write(b"dated")

    def store(self) -> None:
        self.stored[self.path] = self.read_content()
        self.give(201, "text/plain", b"")

    def hook(self) -> None:
        content = self.read_content()
        self.hooks.append((content, self.headers.get("x-signature"), self.headers.get("idempotency-key")))
        self.give(503 if len(self.hooks) < 3 else 200, "text/plain", b"")

    def list_notes(self) -> None:
        if self.headers.get("authorization") != "Bearer secret":
            problem = {"title": "Not allowed", "detail": "The token is missing"}
            return self.give(401, "application/problem+json", json.dumps(problem).encode())
        notes = [{"id": i, "text": t} for i, t in self.notes.items()]
        self.give(200, "application/json", json.dumps(notes).encode())

    def add_note(self) -> None:
        number = max(self.notes) + 1
        self.notes[number] = json.loads(self.read_content())["text"]
        self.give(201, "application/json", json.dumps({"id": number, "text": self.notes[number]}).encode())

    def remove_note(self) -> None:
        del self.notes[int(self.path.rpartition("/")[2])]
        self.give(204, "text/plain", b"")

    do_GET = do_PUT = do_POST = do_DELETE = answer


class TlsServer(http.server.ThreadingHTTPServer):
    def __init__(self, folder: pathlib.Path, wants_certificate: bool):
        super().__init__(("127.0.0.1", 0), Site)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "leaf.pem", folder / "leaf.key")
        if wants_certificate:
            self.context.load_verify_locations(folder / "ca.pem")
            self.context.verify_mode = ssl.CERT_REQUIRED
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"https://localhost:{self.server_port}"

    def finish_request(self, request, client_address) -> None:
        request.settimeout(10)
        with contextlib.suppress(OSError):
            super().finish_request(self.context.wrap_socket(request, server_side=True), client_address)


class Proxy(http.server.BaseHTTPRequestHandler):
    """CONNECT alone."""
    targets = []

    def log_message(self, *_) -> None:
        pass

    def do_CONNECT(self) -> None:
        self.targets.append(self.path)
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port)), 10) as target:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=self.pump, args=(target, self.connection))
            back.start()
            self.pump(self.connection, target)
            back.join()

    @staticmethod
    def pump(source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                to.sendall(data)
        with contextlib.suppress(OSError):
            to.shutdown(socket.SHUT_WR)


class Examples:
    def __init__(self, programs: pathlib.Path, folder: pathlib.Path):
        self.programs, self.folder, self.failed = programs, folder, False
        server.make_certificates(folder)
        self.site = TlsServer(folder, wants_certificate=False)
        self.partner = TlsServer(folder, wants_certificate=True)
        self.proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        threading.Thread(target=self.proxy.serve_forever, daemon=True).start()

    def run(self, name: str, *arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess:
        unwanted = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
        inherited = {k: v for k, v in os.environ.items() if k.lower() not in unwanted}
        return subprocess.run([self.programs / name, *arguments], cwd=self.folder, input=given, capture_output=True,
                              env=inherited | {"CA_FILE": str(self.folder / "ca.pem")} | environment, text=True, timeout=60)

    def case(self, name: str, act) -> None:
        if not (self.programs / name).exists():
            return print(f"skip {name} it is not built")
        try:
            wrong = [f"{what}: {seen!r}" for what, fine, seen in act() if not fine]
        except (OSError, subprocess.TimeoutExpired) as e:
            wrong = [str(e)]
        self.failed |= bool(wrong)
        print(f"not ok {name} " + "; ".join(wrong) if wrong else f"ok {name}")

    def downloader(self):
        done = self.run("downloader", "films", f"{self.site.url}/film.mkv")
        yield "exit code", done.returncode == 0, done
        yield "the file", (self.folder / "films/film.mkv").read_bytes() == FILM, done
        yield "it went on", len(Site.film_requests) == 2 and Site.film_requests[1] > 0, Site.film_requests
        gone = self.run("downloader", "films", f"{self.site.url}/missing")
        yield "a missing file", gone.returncode == 1 and "404" in gone.stderr, gone

    def uploader(self):
        (self.folder / "report.pdf").write_bytes(FILM)
        done = self.run("uploader", f"{self.site.url}/files", "report.pdf")
        yield "exit code", done.returncode == 0 and "report.pdf: 201" in done.stdout, done
        yield "progress", "report.pdf: 100 %" in done.stderr, done.stderr
        yield "the file", Site.stored.get("/files/report.pdf") == FILM, list(Site.stored)

    def notes(self):
        base = f"{self.site.url}/api/"
        yield "no token", "The token is missing" in (e := self.run("notes", base, "list")).stderr and e.returncode == 1, e
        added = self.run("notes", base, "add", "milk", API_TOKEN="secret")
        yield "add", added.stdout == "added 2\n", added
        yield "list", (e := self.run("notes", base, "list", API_TOKEN="secret")).stdout == "1  tea\n2  milk\n", e
        yield "remove", (e := self.run("notes", base, "remove", "2", API_TOKEN="secret")).returncode == 0, e
        yield "it is gone", list(Site.notes) == [1], Site.notes

    def webhook(self):
        done = self.run("webhook", f"{self.site.url}/hook", '{"paid": true}', WEBHOOK_SECRET="key")
        right = "sha256=" + hmac.new(b"key", b'{"paid": true}', hashlib.sha256).hexdigest()
        yield "exit code", done.returncode == 0 and done.stdout == "200 OK\n", done
        yield "attempts", len(Site.hooks) == 3 and "attempt 3 after 503" in done.stderr, done.stderr
        yield "signature", {h[1] for h in Site.hooks} == {right}, Site.hooks
        yield "key", len({h[2] for h in Site.hooks}) == 1 and Site.hooks[0][2], Site.hooks

    def websocket_chat(self):
        done = self.run("websocket_chat", f"wss://localhost:{self.site.server_port}/chat", given="hello\nyou\n")
        yield "echo", done.returncode == 0 and done.stdout == "hello\nyou\n", done
        refused = self.run("websocket_chat", "wss://localhost:1/chat")
        yield "no server", refused.returncode == 1 and "refused" in refused.stderr, refused

    def crawler(self):
        done = self.run("crawler", f"{self.site.url}/")
        yield "pages", f"200  {self.site.url}/about\n" in done.stdout, done.stdout
        yield "broken", done.returncode == 1 and f"404  {self.site.url}/missing\n" in done.stdout, done
        yield "summary", done.stdout.endswith("3 pages, 1 broken\n"), done.stdout
        yield "a bound", self.run("crawler", f"{self.site.url}/", "1").stdout.endswith("1 pages, 0 broken\n"), ""

    def health_check(self):
        done = self.run("health_check", f"{self.site.url}/", "https://localhost:1/")
        lines = done.stdout.splitlines()
        # The certificate is for two days.
        yield "expires", lines[0].startswith("FAIL") and "200, " in lines[0] and "certificate for" in lines[0], done
        yield "down", lines[1].startswith("FAIL") and "refused" in lines[1] and done.returncode == 1, done

    def mirror(self):
        address, checked = f"{self.site.url}/dated.txt", f"{self.site.url}/dated.txt?checked"
        first = self.run("mirror", "copies", address, checked)
        yield "first", first.stdout == f"{address}: fetched\n{checked}: fetched\n", first
        again = self.run("mirror", "copies", address, checked)
        yield "again", again.stdout == f"{address}: fresh\n{checked}: not changed\n", again
        yield "the file", (self.folder / "copies/dated.txt").read_bytes() == b"dated", again
        yield "requests", Site.dated_requests == [None, None, '"v1"'], Site.dated_requests

    def partner_program(self):
        proxy = f"http://127.0.0.1:{self.proxy.server_port}"
        done = self.run("partner", "leaf.pem", "leaf.key", f"{self.partner.url}/hello", https_proxy=proxy)
        yield "answer", done.returncode == 0 and done.stdout.startswith("Hello from localhost"), done
        yield "proxy", Proxy.targets == [f"localhost:{self.partner.server_port}"] and proxy in done.stderr, done.stderr
        missing = self.run("partner", "none.pem", "leaf.key", f"{self.partner.url}/hello")
        yield "no file", missing.returncode == 1 and missing.stderr == "cannot read none.pem\n", missing


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        examples = Examples(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(name))
        for case in ("downloader", "uploader", "notes", "webhook", "websocket_chat", "crawler", "health_check", "mirror"):
            examples.case(case, getattr(examples, case))
        examples.case("partner", examples.partner_program)
        return examples.failed


if __name__ == "__main__":
    sys.exit(main())
