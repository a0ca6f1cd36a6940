// What `get --help` prints.
#pragma once

namespace get {

inline constexpr const char* usage = R"(usage: get [options] URL

What is asked for
  -X, --request METHOD      the request's method
  -H, --header "NAME: VAL"  adds a field; "NAME:" leaves a default one out, "NAME;" has no value
  -A, --user-agent NAME     the User-Agent field
  -I, --head                asks for the head alone, and shows it
  -r, --range FIRST-LAST    asks for these bytes alone; "FIRST" for all from there on
  -C, --continue-at OFFSET  goes on at this byte, or with "-" where the -o file ends;
                            without --compressed
      --compressed          asks for compressed content, and decodes it

What is sent
  -d, --data DATA           a form by POST; @FILE is the text of a file without line ends
      --data-raw DATA       the same, where '@' means itself
      --data-binary DATA    the same, where a file is left as it is
      --data-urlencode DATA the same, encoded: CONTENT, NAME=CONTENT, @FILE or NAME@FILE
  -G, --get                 puts the data into the URL's query
  -F, --form NAME=CONTENT   a form with files: NAME=@FILE is a file, NAME=<FILE its text;
                            ";type=TYPE" and ";filename=NAME" may follow
  -T, --upload-file FILE    sends a file by PUT, under its name where the URL ends with '/';
                            "-" is standard input

Who is asking
  -u, --user NAME:PASSWORD  for the URL's origin
      --basic, --digest     how the password is shown; Basic unless Digest is asked for
  -n, --netrc               takes name and password from ~/.netrc
      --netrc-file FILE     or from this file
  -b, --cookie DATA|FILE    sends "NAME=VALUE; ...", or the cookies of a file
  -c, --cookie-jar FILE     writes all cookies to FILE afterwards; "-" is standard output

      --cache FILE          answers from FILE what may be answered from a cache, and keeps
                            responses there (RFC 9111)
      --har FILE            records requests and responses in FILE, without secrets (HAR 1.2)
      --replay FILE         answers from such a file, and never from the network

Where it goes
  -L, --location            follows redirections
      --location-trusted    the same, and shows passwords and cookies to other hosts as well
      --max-redirs TIMES    up to so many, 10 by default; -1 for no limit
      --retry TIMES         sends again what can be, after a second, two, four ...
  -m, --max-time SECONDS    the time for all of it
      --connect-timeout SECONDS  the time for connecting, and for TLS
  -x, --proxy URL           goes through an HTTP, HTTPS or SOCKS proxy
      --proxy-env           goes through what http_proxy, https_proxy and all_proxy name
  -U, --proxy-user NAME:PASSWORD  for the proxy
      --proxy-basic, --proxy-digest  how its password is shown; by Basic at once, unless
                            Digest is asked for
      --noproxy HOSTS       reaches these directly; "*" is all
      --interface NAME      connects from this interface or address
      --unix-socket PATH    connects to this socket, whatever the host
      --resolve HOST:PORT:ADDR  connects to ADDR for HOST and PORT
      --cacert FILE         trusts the PEM certificates in FILE, and no others
  -E, --cert FILE[:PASSPHRASE]  the client's certificates, maybe with its key
      --cert-type TYPE      of that file: PEM, or P12 for PKCS #12
      --pass PASSPHRASE     of the key, or of the PKCS #12 file
      --key FILE            its key, PKCS #8 in PEM
      --crlfile FILE        certificates on this list are refused
      --revocation MODE     asks the issuers of certificates; where none answers, that
                            is overlooked (soft) or an error (hard)
      --pinnedpubkey PINS   "sha256//BASE64", several with ";" between them
      --ciphers LIST        registered names of cipher suites, with ":" between them
      --curves LIST         names of groups, such as x25519:secp256r1
  -k, --insecure            takes any certificate, with a warning: whoever is on the way can
                            read and change everything
      --tlsv1.3             refuses TLS 1.2
      --http1.1             speaks HTTP/1.1 alone
      --http2               HTTP/2 where the server agrees on it, which is the default
      --http2-prior-knowledge  HTTP/2 alone; also without TLS, for http:// URLs
      --http3               tries HTTP/3 first, and TCP where it does not work
      --http3-only          HTTP/3 alone
      --allow-plaintext     lets http:// URLs pass, which are not encrypted

What is shown
  -o, --output FILE         writes the content to FILE
  -i, --include             shows the response's head before the content
  -f, --fail                shows no content of an error (status 400 and above), exit code 22
      --fail-with-body      the same, but shows the content
  -w, --write-out FORMAT    then writes FORMAT, or the text of @FILE, with %{VARIABLE}s such as
                            %{response_code}, %{time_total} and %{json}, and %header{NAME}
  -v, --verbose             tells what happens, on stderr
      --json                prints one JSON object instead of the content
  -h, --help                prints this
  -V, --version             prints the versions of cohttps and of its libraries

Exit code 0: the response came from a verified server and is complete, whatever its status.
2 wrong usage  3 malformed URL   6 name not found  7 no connection     8 broken HTTP
18 cut short   22 status (-f)    23 cannot write   26 cannot read      28 out of time
33 no such range                 35 TLS failed     47 too many redirections
52 no answer   56 connection lost                  60 certificate refused
63 too large   67 forbidden by policy
)";

}  // namespace get
