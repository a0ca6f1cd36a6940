"""Runs the documentation's snippets against its hosts: run.py PROGRAM."""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import server  # noqa: E402

program = pathlib.Path(sys.argv[1]).resolve()
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    server.make_certificates(folder)
    server.Server(folder).start()
    # Files that the snippets name.
    (folder / "company-ca.pem").write_bytes((folder / "ca.pem").read_bytes())
    for file in ("report.pdf", "film.mkv", "holiday.mkv", "table.csv"):
        (folder / file).write_text("content\n" * 1000)
    environment = os.environ | {"SNIPPETS_SOCKET": str(folder / "socket"), "SNIPPETS_CA": str(folder / "ca.pem")}
    done = subprocess.run([program], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    sys.stdout.write(done.stderr)  # a line a snippet; what the snippets print is theirs
    sys.exit(done.returncode)
