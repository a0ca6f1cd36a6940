"""Writes docs/performance.md and its pictures from docs/performance.json: publish.py DOCS"""
import html
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
import run  # noqa: E402

COLOURS = {"cohttps": "#1a7f5a", "curl": "#8a6d3b", "beast": "#5b6abf", "httplib": "#a05195", "openssl": "#7f7f7f",
           "h2load": "#4c9aa8", "curl3": "#b5895a", "floor": "#222222"}


def bars(work: str, row: dict) -> str:
    """One bar a peer."""
    peers = [p for p in run.PEERS if p in row["peers"]]
    most = max(row["peers"][p]["median"] * (1 + row["peers"][p]["spread"]) for p in peers)
    height, width, left = 24, 420, 110
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}" height="{40 + height * len(peers)}" '
             f'font-family="sans-serif" font-size="13">',
             '<rect width="100%" height="100%" fill="#ffffff"/>',
             f'<text x="8" y="20"><tspan font-weight="bold">{html.escape(work)}, {html.escape(row["unit"])}</tspan>'
             ' (less is better)</text>']
    for i, p in enumerate(peers):
        cell, y = row["peers"][p], 32 + height * i
        long, half = width * cell["median"] / most, width * cell["median"] * cell["spread"] / most
        lines += [f'<text x="8" y="{y + 14}">{html.escape(run.NAMES.get(p, p))}</text>',
                  f'<rect x="{left}" y="{y + 3}" width="{long:.1f}" height="{height - 8}" fill="{COLOURS[p]}"/>',
                  f'<path d="M{left + long - half:.1f} {y + 11}h{2 * half:.1f}" stroke="#000000" stroke-width="1.5"/>',
                  f'<text x="{left + long + half + 6:.1f}" y="{y + 14}">{cell["median"]:.3g}</text>']
    return "\n".join(lines + ["</svg>\n"])


def compile_table(rows: dict) -> str:
    """In the separate mode a first program declares; one unit of the whole program defines."""
    lines = ["| a first program | -O0 | peak | -O2 | peak | object (-O2) | stripped program |", "|---" * 7 + "|"]
    for title, row in rows.items():
        cells = [title]
        for level in ("-O0", "-O2"):
            cell = row[level]
            once = f" + {cell['once_seconds']:.1f} s once" if "once_seconds" in cell else ""
            cells += [f"{cell['seconds']:.1f} s{once}", f"{cell['peak_mib']:.0f} MiB"]
        cells += [f"{row['-O2']['object_kib']:.0f} KiB", f"{row['program_kib']:.0f} KiB"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    docs = pathlib.Path(sys.argv[1])
    result = json.loads((docs / "performance.json").read_text())
    pictures = docs / "performance"
    pictures.mkdir(exist_ok=True)
    shown = []
    for work, row in result["works"].items():
        if not row["peers"]:
            continue
        name = "".join(c if c.isalnum() else "-" for c in work.lower()).strip("-")
        (pictures / f"{name}.svg").write_text(bars(work, row))
        shown.append(f"![{work}](performance/{name}.svg)")
    machine = result["machine"]
    (docs / "performance.md").write_text(f"""# Performance

This page compares the cost of the same work with this client and with others: {machine["processor"]}, {machine["processors"]} processors, {machine["system"]}, all in one run. **Less is better** in each row and each picture; only the two goals that name a speed want more.

- The server is nginx, or h2o in the rows that say so, on loopback with TLS 1.3, AES-128-GCM and a chain of P-256 with an intermediate. Server and client have a processor each.
- The peers take turns, {result["rounds"]} rounds. A figure is the median of the processor time that the client uses; of the one-shot process, the time from start to exit; of idle connections, the memory that they add.
- In parentheses is the median over the rounds of this client's figure as a share of the peer's, with half of the range between the quartiles. The lines at the ends of the bars show that range too.

`tools/bench --publish` makes this page anew, `tools/bench --check` compares with it.

{run.table(result)}

The goals were set before there was a client; [decision 040](decisions/040-what-the-figures-say.md) has the profiles, and says why some are missed.

{chr(10).join(shown)}

## Compiling

Processor time and peak memory of the compiler for a program that fetches one page. With `COHTTPS_SEPARATE_COMPILATION`, as the Meson and CMake examples have it, one unit of a program holds the definitions; it is compiled once. The programs of the others use OpenSSL as a shared library, this one has Botan inside where that was built static.

{compile_table(result.get("compile", {}))}
""")


if __name__ == "__main__":
    main()
