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
    for name, there in {"company-ca.pem": "ca.pem", "client.pem": "leaf.pem", "client.key": "leaf.key"}.items():
        (folder / name).write_bytes((folder / there).read_bytes())
    for file in ("report.pdf", "film.mkv", "holiday.mkv", "table.csv"):
        (folder / file).write_text("content\n" * 1000)
    environment = os.environ | {"SNIPPETS_SOCKET": str(folder / "socket"), "SNIPPETS_CA": str(folder / "ca.pem")}
    done = subprocess.run([program], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    cases = [line for line in done.stderr.splitlines() if line.startswith(("ok ", "not ok "))]
    print("\n".join(cases))  # the rest is the snippets' own
    if done.returncode < 0:
        print(f"not ok snippets: signal {-done.returncode} after {cases[-1] if cases else 'nothing'}")
    sys.exit(done.returncode != 0)
