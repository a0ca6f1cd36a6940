"""Compares clients: run.py FOLDER-OF-PEERS [--rounds N] [--only WORK,...] [--json FILE] [--docs FOLDER]

Each work is done by every peer against one nginx on loopback (TLS 1.3, AES-128-GCM, a chain of P-256 with
an intermediate), downloads against an h2o too, WebSockets against benchmarks/peers/websocket_server.cpp, which
is cheaper than its clients, so that these never wait for long. Server and client have processors of their own; one peer comes
after another, and all of that several times. What counts is the median of the processor time that the client uses.
"""
import argparse
import json
import math
import os
import pathlib
import platform
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

# name: (what the peers are told to do, how often, how many at once, unit of the result)
WORKS = {
    "sequential": ("requests", 5000, 1, "us a request"),
    "64 connections": ("requests", 20000, 64, "us a request"),
    "1000 connections": ("requests", 20000, 1000, "us a request"),
    "HTTP/2, 100 streams": ("http2", 20000, 100, "us a request"),
    "download": ("download", 3, 1, "s a GB"),
    "HTTP/2 download": ("http2-download", 1, 1, "s a GB"),
    "download from h2o": ("download", 4, 1, "s a GB"),
    "HTTP/2 download from h2o": ("http2-download", 1, 1, "s a GB"),
    "upload": ("upload", 3, 1, "s a GB"),
    "full handshake": ("handshakes", 300, 1, "us a request"),
    "resumed handshake": ("resumed", 300, 1, "us a request"),
    "one-shot process": ("once", 1, 1, "ms"),
    "idle connection": ("idle", 1, 10000, "KiB"),
    "HTTP/3, 100 streams": ("http3", 20000, 100, "us a request"),
    "HTTP/3 download": ("http3-download", 1, 1, "s a GB"),
    "HTTP/3 upload": ("http3-upload", 1, 1, "s a GB"),
    "HTTP/3 full handshake": ("http3-handshakes", 300, 1, "us a request"),
    "full handshake with the same server": ("handshakes", 300, 1, "us a request"),
    "HTTP/3 resumed handshake": ("http3-resumed", 300, 1, "us a request"),
    "resumed handshake with the same server": ("resumed", 300, 1, "us a request"),
    "WebSocket echo of 1 KiB, 64 connections": ("websocket", 100_000, 64, "us a message"),
    "WebSocket echo, compressed": ("websocket-deflate", 50_000, 64, "us a message"),
}
PEERS = ["cohttps", "floor", "curl", "curl3", "beast", "httplib", "openssl", "h2load"]
NAMES = {"floor": "the floor", "curl": "libcurl", "curl3": "curl over HTTP/3", "beast": "Boost.Beast", "httplib": "cpp-httplib",
         "openssl": "bare OpenSSL", "h2load": "h2load"}
# The goals: at most so much of which peer.
GOALS = {
    "sequential": {"openssl": 1.0, "floor": 1.15},
    "64 connections": {"beast": 0.62, "floor": 1.2},
    "HTTP/2, 100 streams": {"curl": 0.55, "h2load": 1.5},
    "download": {"curl": 0.77},
    "upload": {"curl": 0.75},
    "full handshake": {"curl": 0.55},
    "resumed handshake": {"curl": 0.6},
    "one-shot process": {"curl": 0.4},
    "HTTP/3, 100 streams": {"curl3": 0.5},
    "HTTP/3 download": {"curl3": 0.6},
    "HTTP/3 upload": {"curl3": 0.7},
    "WebSocket echo of 1 KiB, 64 connections": {"beast": 0.6},
    "WebSocket echo, compressed": {"beast": 0.8},
}
IDLE_KIB = 24  # at most, and the least of all
HTTP2_SPEED = 0.9  # of a download, at least, of HTTP/1.1's
# Of ours over HTTP/3 against ours over TCP: the rows, and at most how much.
HTTP3_AGAINST = {
    "HTTP/3, 100 streams": ("HTTP/2, 100 streams", 1.5),
    "HTTP/3 full handshake": ("full handshake with the same server", 1.3),
    "HTTP/3 resumed handshake": ("resumed handshake with the same server", 1.3),
}


def http3_peer(name: str) -> "pathlib.Path | None":
    """A program of a newer system, which tools/setup test fetches where the system's knows no HTTP/3."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    program = cache / "cohttps/http3-peers/bin" / name
    return program if program.exists() else None


class Nginx:
    def __init__(self, folder: pathlib.Path, processor: int):
        self.folder = folder
        self.processor = processor
        self.h2o = None
        self.websocket = None
        self.quic = None
        self.port = self.free_port()
        self.forgetful_port = self.free_port()
        self.make_certificates()
        (folder / "up").mkdir()
        (folder / "1k").write_bytes(b"x" * 1024)
        for name, mebibytes in (("large", 256), ("huge", 1024)):
            with open(folder / name, "wb") as file:
                file.truncate(mebibytes << 20)
        (folder / "nginx.conf").write_text(f"""
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
worker_rlimit_nofile 30000;
events {{ worker_connections 12000; }}
http {{
  access_log off; default_type application/octet-stream;
  sendfile on; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 600s;
  client_max_body_size 0; client_body_temp_path {folder}/up/body;
  proxy_temp_path {folder}/t1; fastcgi_temp_path {folder}/t2; uwsgi_temp_path {folder}/t3; scgi_temp_path {folder}/t4;
  server {{
    listen 127.0.0.1:{self.port} ssl http2 backlog=8192; server_name localhost;
    ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/leaf.key;
    ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    ssl_session_cache shared:s:10m; ssl_session_tickets on;
    http2_max_concurrent_streams 128;
    root {folder};
    location /up/ {{ dav_methods PUT; }}
  }}
  server {{  # each handshake with it is a full one
    listen 127.0.0.1:{self.forgetful_port} ssl http2 backlog=8192; server_name localhost;
    ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/leaf.key;
    ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    ssl_session_cache off; ssl_session_tickets off;
    root {folder};
  }}
}}
""")
        self.process = subprocess.Popen(
            ["taskset", "-c", str(processor), "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(500):
            if self.process.poll() is not None:
                sys.exit("nginx does not start: " + self.process.stderr.read().decode())
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        sys.exit("nginx does not listen")

    @staticmethod
    def free_port() -> int:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def make_certificates(self) -> None:
        def openssl(*arguments: str) -> None:
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        (self.folder / "ca.cnf").write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
        (self.folder / "leaf.cnf").write_text("subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=root")
        for name, issuer, rules in (("middle", "ca", "ca.cnf"), ("leaf", "middle", "leaf.cnf")):
            openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
            openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key",
                    "-CAcreateserial", "-days", "2", "-extfile", rules, "-out", f"{name}.pem")
        chain = (self.folder / "leaf.pem").read_text() + (self.folder / "middle.pem").read_text()
        (self.folder / "chain.pem").write_text(chain)

    @property
    def h2o_port(self) -> "int | None":
        """An h2o with the same files, in place of nginx; None where there is none."""
        if self.h2o is None and shutil.which("h2o"):
            port = self.free_port()
            (self.folder / "h2o.conf").write_text(f"""
{"user: root" if os.geteuid() == 0 else ""}
num-threads: 1
hosts:
  default:
    listen:
      host: 127.0.0.1
      port: {port}
      ssl:
        certificate-file: {self.folder}/chain.pem
        key-file: {self.folder}/leaf.key
        minimum-version: TLSv1.3
        ocsp-update-interval: 0
    paths:
      /:
        file.dir: {self.folder}
""")
            process = subprocess.Popen(["taskset", "-c", str(self.processor), "h2o", "-c", str(self.folder / "h2o.conf")],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.h2o = (process, port)
            for _ in range(500):
                if process.poll() is not None:
                    sys.exit("h2o does not start")
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.01)
        return self.h2o and self.h2o[1]

    def http3_port(self, tickets: bool) -> "int | None":
        """An nginx with HTTP/3 and the same files; None where there is none. With tickets, or without."""
        program = http3_peer("nginx-http3")
        if self.quic is None and program:
            ports = {True: self.free_port(), False: self.free_port()}
            servers = "".join(f"""
  server {{
    listen 127.0.0.1:{port} quic; listen 127.0.0.1:{port} ssl; server_name localhost;
    quic_gso on;
    ssl_certificate {self.folder}/chain.pem; ssl_certificate_key {self.folder}/leaf.key;
    ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    ssl_session_tickets {"on" if with_tickets else "off"};
    root {self.folder};
    location /up/ {{ dav_methods PUT; }}
  }}""" for with_tickets, port in ports.items())
            (self.folder / "http3.conf").write_text(f"""
daemon off; master_process off; pid {self.folder}/http3.pid; error_log {self.folder}/http3.log;
events {{ worker_connections 12000; }}
http {{
  access_log off; default_type application/octet-stream; sendfile on; keepalive_requests 1000000000;
  client_max_body_size 0; client_body_temp_path {self.folder}/up/body3;
  proxy_temp_path {self.folder}/t31; fastcgi_temp_path {self.folder}/t32; uwsgi_temp_path {self.folder}/t33;
  scgi_temp_path {self.folder}/t34;{servers}
}}
""")
            process = subprocess.Popen(
                ["taskset", "-c", str(self.processor), str(program), "-p", str(self.folder), "-c",
                 str(self.folder / "http3.conf")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.quic = (process, ports)
            for _ in range(500):
                if process.poll() is not None:
                    sys.exit("nginx with HTTP/3 does not start")
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", ports[True])) == 0:
                        break
                time.sleep(0.01)
        return self.quic and self.quic[1][tickets]

    def websocket_port(self, program: pathlib.Path) -> int:
        """Of the echo server, which is started when it is first needed."""
        if self.websocket is None:
            port = self.free_port()
            process = subprocess.Popen(
                ["taskset", "-c", str(self.processor), str(program), str(port), str(self.folder / "chain.pem"),
                 str(self.folder / "leaf.key")], stdin=subprocess.DEVNULL)
            self.websocket = (process, port)
            for _ in range(500):
                if process.poll() is not None:
                    sys.exit("the WebSocket server does not start")
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.01)
        return self.websocket[1]

    def stop(self) -> None:
        for other in (self.h2o, self.websocket, self.quic):
            if other:
                other[0].terminate()
                other[0].wait(10)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


def trusting_environment(folder: pathlib.Path) -> dict:
    """For the one-shot: the system's store, with the root added to a copy of it."""
    system = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
    bundle = folder / "bundle.pem"
    if not bundle.exists():
        bundle.write_text((system.read_text() if system.exists() else "") + (folder / "ca.pem").read_text())
    return os.environ | {"BUNDLE": str(bundle)}


def h2load(nginx: Nginx, kind: str, count: int, width: int, processor: int) -> "dict | None":
    """nghttp2's load generator, which looks at nothing that it gets: as cheap as HTTP/2 can be."""
    if kind != "http2":
        return None
    command = ["taskset", "-c", str(processor), "h2load", "-n", str(count), "-c", "1", "-m", str(width),
               f"https://localhost:{nginx.port}/1k"]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    with process.stdout as out:
        told = out.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if f" {count} succeeded" not in told:
        sys.exit(f"h2load fails: {told}")
    cpu = used.ru_utime + used.ru_stime
    return {"value": cpu / count * 1e6, "wall_s": time.perf_counter() - began, "process_cpu_s": cpu,
            "resident_kib": used.ru_maxrss}


def curl_over_http3(nginx: Nginx, kind: str, count: int, width: int, processor: int) -> "dict | None":
    """The program curl: its libcurl is not one that programs here could be built with."""
    program, port = http3_peer("curl-http3"), nginx.http3_port(True)
    url = f"https://localhost:{port}"
    works = {
        "http3": ["--parallel", "--parallel-max", str(width), "-o", "/dev/null", f"{url}/1k?[1-{count}]"],
        "http3-download": ["-o", "/dev/null"] + [f"{url}/large"] * count,
        "http3-upload": ["-T", str(nginx.folder / "large"), f"{url}/up/file"],
    }
    if not program or not port or kind not in works:
        return None
    command = ["taskset", "-c", str(processor), str(program), "-sS", "--http3-only", "--fail", "--cacert",
               str(nginx.folder / "ca.pem"), *works[kind]]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"curl fails at '{kind}': {done.stderr.strip()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    value = cpu / count * 1e6 if kind == "http3" else cpu / (count * (256 << 20)) * 1e9
    return {"value": value, "wall_s": time.perf_counter() - began, "process_cpu_s": cpu, "resident_kib": 0}


def once(peer: pathlib.Path, nginx: Nginx, work: str, processor: int, scale: float) -> "dict | None":
    kind, count, width, _ = WORKS[work]
    count = max(1, math.ceil(count * scale))
    if kind == "idle":
        width = min(width, max(100, int(width * scale)))
    if "h2o" in work and nginx.h2o_port is None:
        return None
    if peer.name == "peer_h2load":
        return h2load(nginx, kind, count, width, processor)
    if peer.name == "peer_curl3":
        return curl_over_http3(nginx, kind, count, width, processor)
    quic = kind.startswith("http3") or "the same server" in work
    if quic and (peer.name != "peer_cohttps" or nginx.http3_port(True) is None):
        return None
    if kind.startswith("websocket"):
        server = peer.parent / "peer_websocket_server"
        peer = peer.parent / peer.name.replace("peer_", "peer_websocket_")
        if not peer.exists() or not server.exists():
            return None
    authority = nginx.folder / "ca.pem"
    if kind == "once":
        trusting_environment(nginx.folder)
        authority = nginx.folder / "bundle.pem"
    if quic:
        port = nginx.http3_port(not kind.endswith("handshakes"))
    elif kind.startswith("websocket"):
        port = nginx.websocket_port(server)
    else:
        port = nginx.h2o_port if "h2o" in work else nginx.forgetful_port if kind == "handshakes" else nginx.port
    command = ["taskset", "-c", str(processor), str(peer), kind, "localhost", str(port), str(authority),
               str(count), str(width)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode == 3:
        return None
    if done.returncode != 0:
        sys.exit(f"{peer.name} fails at '{work}': {done.stderr.strip()}")
    told = json.loads(done.stdout)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if kind == "once":
        value = wall * 1000
    elif kind == "idle":
        value = told["grown_kib"] / told["count"]
    elif kind in ("http3", "http3-download", "http3-upload"):  # the whole process, as for curl
        value = cpu / count * 1e6 if kind == "http3" else cpu / told["bytes"] * 1e9
    elif kind.endswith("download") or kind == "upload":
        value = told["cpu_ns"] / told["bytes"]
    else:
        value = told["cpu_ns"] / told["count"] / 1000
    return {"value": value, "wall_s": told["wall_ns"] / 1e9, "process_cpu_s": cpu, "resident_kib": told["resident_kib"]}


def spread(values: list) -> float:
    """Half of the range between the quartiles, as a share of the median."""
    if len(values) < 4:
        return (max(values) - min(values)) / 2 / statistics.median(values)
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / 2 / statistics.median(values)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the work that is done")
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=pathlib.Path, help="writes the figures to this file")
    parser.add_argument("--check", type=pathlib.Path, help="fails when a ratio is worse than in this file")
    options = parser.parse_args()
    wanted = [w for w in WORKS if not options.only or any(o in w for o in options.only.split(","))]
    if not shutil.which("nginx"):
        sys.exit("there is no nginx to measure against; tools/setup bench installs it")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    processors = sorted(os.sched_getaffinity(0))
    client, server = processors[0], processors[-1]

    peers = [p for p in PEERS if (options.folder / f"peer_{p}").exists() or p == "h2load" and shutil.which(p)
             or p == "curl3" and http3_peer("curl-http3")]
    for p in PEERS:
        if p not in peers:
            print(f"missing: {NAMES.get(p, p)}", file=sys.stderr)
    found: dict = {w: {p: [] for p in peers} for w in wanted}
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as name:
        nginx = Nginx(pathlib.Path(name), server)
        try:
            for round_ in range(options.rounds):
                for work in wanted:
                    for p in peers:
                        if found[work][p] is None:
                            continue
                        one = once(options.folder / f"peer_{p}", nginx, work, client, options.scale)
                        if one is None:
                            found[work][p] = None
                        else:
                            found[work][p].append(one)
                print(f"round {round_ + 1} of {options.rounds}", file=sys.stderr)
        finally:
            nginx.stop()

    result = {"machine": {"processor": processor_name(), "processors": len(processors), "system": system_name()},
              "rounds": options.rounds, "works": {}}
    for work in wanted:
        row: dict = {"unit": WORKS[work][3], "peers": {}}
        for p in peers:
            if not found[work][p]:
                continue
            values = [o["value"] for o in found[work][p]]
            row["peers"][p] = {"median": statistics.median(values), "spread": spread(values),
                               "resident_kib": statistics.median(o["resident_kib"] for o in found[work][p])}
        ours = found[work].get("cohttps")
        if ours:
            for p, cell in row["peers"].items():
                # Round by round, so that what disturbs the machine disturbs both.
                ratios = [a["value"] / b["value"] for a, b in zip(ours, found[work][p])]
                cell["ratio"] = statistics.median(ratios)
                cell["ratio_spread"] = spread(ratios)
        result["works"][work] = row
    for one in (w for w in wanted if w.startswith("download") and f"HTTP/2 {w}" in wanted):
        pairs = list(zip(found[one].get("cohttps") or [], found[f"HTTP/2 {one}"].get("cohttps") or []))
        if pairs:
            result["works"][f"HTTP/2 {one}"]["speed"] = statistics.median(a["value"] / b["value"] for a, b in pairs)
    for one, (other, _) in HTTP3_AGAINST.items():
        pairs = list(zip(found.get(one, {}).get("cohttps") or [], found.get(other, {}).get("cohttps") or []))
        if pairs:
            result["works"][one]["against_tcp"] = statistics.median(a["value"] / b["value"] for a, b in pairs)
    print(table(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    if options.check:
        worse = fallen_behind(result, json.loads(options.check.read_text()))
        for line in worse:
            print(line)
        sys.exit(1 if worse else 0)


def fallen_behind(now: dict, committed: dict) -> list:
    """What has become worse by more than it varies, in either run."""
    lines = []
    for work, row in now["works"].items():
        for p, cell in row["peers"].items():
            before = committed["works"].get(work, {}).get("peers", {}).get(p)
            if p == "cohttps" or not before or "ratio" not in before or "ratio" not in cell:
                continue
            allowed = before["ratio"] + max(before["ratio_spread"], cell["ratio_spread"], 0.03)
            if cell["ratio"] > allowed:
                lines.append(f"{work}: {cell['ratio']:.2f} of {NAMES[p]}, was {before['ratio']:.2f}, allowed {allowed:.2f}")
    return lines


def system_name() -> str:
    release = platform.release().split(".")
    return f"{platform.system()} {'.'.join(release[:2])}, {platform.machine()}"


def processor_name() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def table(result: dict) -> str:
    peers = [p for p in PEERS if any(p in row["peers"] for row in result["works"].values())]
    lines = ["| work | " + " | ".join(NAMES.get(p, p) for p in peers) + " | goal |", "|---" * (len(peers) + 2) + "|"]
    for work, row in result["works"].items():
        cells = []
        for p in peers:
            cell = row["peers"].get(p)
            if not cell:
                cells.append("-")
            elif p == "cohttps" or "ratio" not in cell:
                cells.append(f"{cell['median']:.3g}")
            else:
                cells.append(f"{cell['median']:.3g} ({cell['ratio']:.2f} ± {cell['ratio_spread']:.2f})")
        reached = []
        for p, most in GOALS.get(work, {}).items():
            if "ratio" in row["peers"].get(p, {}):
                ratio = row["peers"][p]["ratio"]
                reached.append(f"{ratio:.2f} of {NAMES[p]}, goal {most}" + ("" if ratio <= most else ": missed"))
        ours = row["peers"].get("cohttps", {}).get("median")
        if work == "idle connection" and ours:
            least = all(ours <= cell["median"] for cell in row["peers"].values())
            reached.append(f"{'the least' if least else 'not the least: missed'}; {ours:.1f} KiB, goal {IDLE_KIB}"
                           + ("" if ours <= IDLE_KIB else ": missed"))
        if "speed" in row:
            speed = row["speed"]
            reached.append(f"{speed:.2f} of HTTP/1.1's speed, goal {HTTP2_SPEED}" + ("" if speed >= HTTP2_SPEED else ": missed"))
        if "against_tcp" in row:
            other, most = HTTP3_AGAINST[work]
            reached.append(f"{row['against_tcp']:.2f} of ours at {other}, goal {most}"
                           + ("" if row["against_tcp"] <= most else ": missed"))
        lines.append(f"| {work}, {row['unit']} | " + " | ".join(cells) + f" | {'; '.join(reached)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
