"""A headless Chromium that is driven through a pipe (the DevTools protocol), and a server for a folder."""
import contextlib
import functools
import http.server
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import threading
import time


def program() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextlib.contextmanager
def served(folder: pathlib.Path):
    """The address at which a folder is served, on loopback."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


class Browser:
    """One page. What went wrong on it since `open` is in `complaints`."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_it, self.write_end = os.pipe()
        self.read_end, from_it = os.pipe()

        def as_three_and_four() -> None:
            # Chromium reads from 3 and writes to 4.
            a, b = os.dup(to_it), os.dup(from_it)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            [program(), "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu",
             "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
             *(["--no-sandbox"] if os.getuid() == 0 else []), f"--user-data-dir={self.folder.name}", "about:blank"],
            preexec_fn=as_three_and_four, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_it)
        os.close(from_it)
        self.text, self.number, self.session = b"", 0, None
        self.complaints, self.loaded, self.origin = [], False, ""
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.send("Browser.close", {})
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()

    def send(self, method: str, parameters: dict) -> int:
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write_end, data):]
        return self.number

    def receive(self, timeout: float) -> dict:
        end = time.monotonic() + timeout
        while b"\0" not in self.text:
            if not select.select([self.read_end], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("Chromium does not answer")
            part = os.read(self.read_end, 1 << 20)
            if not part:
                raise ConnectionError("Chromium has ended")
            self.text += part
        message, _, self.text = self.text.partition(b"\0")
        return json.loads(message)

    def call(self, method: str, **parameters):
        number = self.send(method, parameters)
        while True:
            message = self.receive(30)
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.note(message)

    def note(self, message: dict) -> None:
        method, what = message.get("method", ""), message.get("params", {})
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(f"exception: {what['exceptionDetails'].get('text')}")
        elif method == "Runtime.consoleAPICalled" and what["type"] in ("error", "assert"):
            self.complaints.append(f"console: {[a.get('value', a.get('description')) for a in what['args']]}")
        elif method == "Log.entryAdded" and what["entry"]["level"] == "error":
            self.complaints.append(f"log: {what['entry']['text']} {what['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            url = what["request"]["url"]
            if not url.startswith((self.origin, "data:", "blob:", "about:")):
                self.complaints.append(f"goes to the network: {url}")

    def open(self, url: str) -> None:
        self.loaded, self.complaints = False, []
        self.origin = "/".join(url.split("/")[:3])
        answer = self.call("Page.navigate", url=url)
        if "errorText" in answer:
            self.complaints.append(answer["errorText"])
            return
        end = time.monotonic() + 20
        while not self.loaded and "loaderId" in answer:
            if time.monotonic() > end:
                self.complaints.append("does not load within 20 s")
                return
            self.note(self.receive(20))

    def forget(self, origin: str) -> None:
        self.call("Storage.clearDataForOrigin", origin=origin.rstrip("/"), storageTypes="all")

    def evaluate(self, script: str):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", answer["exceptionDetails"]))
        return answer["result"].get("value")

    def view(self, width: int, height: int, dark: bool) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def picture(self, path: pathlib.Path) -> None:
        import base64
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
