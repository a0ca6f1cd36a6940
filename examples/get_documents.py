#!/usr/bin/env python3
"""Writes the manual and the completion of `get` from what `get --help` says: get_documents.py FOLDER

FOLDER/get.1 is for `man`, FOLDER/get.bash for bash-completion.
"""
import argparse
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
RELEASE = re.compile(r"^## (\d+\.\d+\.\d+), (\d{4}-\d\d-\d\d)$", re.M)

MANUAL = r""".TH GET 1 {date} "cohttps {version}" "User Commands"
.SH NAME
get \- fetches one page over HTTPS
.SH SYNOPSIS
.B get
.RI [ options ]
.I URL
.SH DESCRIPTION
Sends one request and writes the content of the response to standard output. The options are those of
.BR curl (1)
where it has them. A URL without a scheme is one of https. Certificates are always verified, by the roots of the
system or of
.BR \-\-cacert ,
unless
.B \-\-insecure
says otherwise. Redirections are not followed without
.BR \-\-location ,
and plain http is refused without
.BR \-\-allow\-plaintext .
{options}
.SH VARIABLES
For
.BR \-\-write\-out ;
times are in seconds from the start, and what is not known is empty or zero.
{variables}
.SH EXIT STATUS
{exit}
.SH ENVIRONMENT
.TP
.B http_proxy, https_proxy, all_proxy, no_proxy
with
.BR \-\-proxy\-env .
.TP
.B HOME
where
.B \-\-netrc
looks for .netrc.
.SH EXAMPLES
.TP
get \-L \-o page.html example.com
writes the page into a file, which appears once it is whole.
.TP
get \-f \-w '%{{response_code}} %{{time_total}}\en' \-o /dev/null https://example.com/
says how long it took, and fails when the server does.
.TP
get \-d name=value \-u me:secret https://example.com/form
posts a form.
.SH SEE ALSO
.BR curl (1)
"""

COMPLETION = """# Completion of `get` for bash: source it, or put it into /usr/share/bash-completion/completions/get.
_get_of_cohttps() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
  COMPREPLY=()
  case $before in
    {files})
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    --cert-type) mapfile -t COMPREPLY < <(compgen -W 'PEM P12' -- "$word"); return ;;
    --revocation) mapfile -t COMPREPLY < <(compgen -W 'soft hard' -- "$word"); return ;;
    -X | --request)
      mapfile -t COMPREPLY < <(compgen -W 'GET HEAD POST PUT DELETE PATCH OPTIONS' -- "$word")
      return
      ;;
    {values}) return ;;
  esac
  [[ $word != -* ]] || mapfile -t COMPREPLY < <(compgen -W '{words}' -- "$word")
}}
complete -F _get_of_cohttps get
"""

OPTION = re.compile(r'^ {2,6}((?:-\w, )?--[\w.-]+(?:, --[\w.-]+)*)(?: ("[^"]*"|[^ ]+))?(?: +(.*))?$')


def usage():
    text = (HERE / "get_usage.hpp").read_text()
    return re.search(r'R"\((.*)\)"', text, re.S).group(1)


def sections(text):
    """The headings of the usage, each with its options: (names, value or "", what it does)."""
    found = []
    for line in text.splitlines()[1:]:
        if line.startswith("Exit code"):
            break
        if line and not line.startswith(" "):
            found.append((line, []))
        elif match := OPTION.match(line):
            names, value, what = match.groups(default="")
            found[-1][1].append((names.split(", "), value, what))
        elif line.strip():
            names, value, what = found[-1][1][-1]
            found[-1][1][-1] = (names, value, f"{what} {line.strip()}".strip())
    return found


def exit_codes(text):
    """(code, meaning) of each."""
    codes = text[text.index("Exit code"):]
    first = re.match(r"Exit code 0: (.*?)\n", codes).group(1)
    return [("0", first), *((code, what.strip()) for code, what in re.findall(r"(?<!\S)(\d+) (\D+?)(?=\s{2,}|\s*\n|$)", codes[codes.index("\n"):]))]


def roff(text):
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return r"\&" + text if text.startswith((".", "'")) else text


def manual(text):
    version, date = RELEASE.search((HERE.parent / "CHANGELOG.md").read_text()).groups()
    options = []
    for heading, entries in sections(text):
        options.append(f".SH {heading.upper()}")
        for names, value, what in entries:
            head = ", ".join(r"\fB" + roff(name) + r"\fR" for name in names)
            options += [".TP", head + (rf" \fI{roff(value)}\fR" if value else ""), roff(what)]
    variables = re.findall(r'^    \{"(\w+)",', (HERE / "get_write_out.hpp").read_text(), re.M)
    variables += ["header{NAME}", "json", "onerror", "stderr", "stdout"]
    shown = ", ".join(f"%{name}" if name.startswith("header") else f"%{{{name}}}" for name in variables)
    codes = "\n".join(f".TP\n{code}\n{roff(what)}" for code, what in exit_codes(text))
    return MANUAL.format(version=version, date=date, options="\n".join(options), variables=roff(shown), exit=codes)


def completion(text):
    entries = [entry for _, found in sections(text) for entry in found]
    names = lambda chosen: " | ".join(name for all_names, *_ in chosen for name in all_names)  # noqa: E731
    own = {"--cert-type", "--revocation", "--request"}
    files = [e for e in entries if re.search(r"FILE|PATH", e[1])]
    values = [e for e in entries if e[1] and e not in files and not own & set(e[0])]
    words = " ".join(name for e in entries for name in e[0] if name.startswith("--"))
    return COMPLETION.format(files=names(files), values=names(values), words=words)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", type=pathlib.Path)
    folder = parser.parse_args().folder
    text = usage()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "get.1").write_text(manual(text))
    (folder / "get.bash").write_text(completion(text))


if __name__ == "__main__":
    main()
