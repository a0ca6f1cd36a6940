"""Opens the documentation's site in headless Chromium: site.py SITE [--pictures FOLDER [PAGE...]]

Every link and anchor resolves; every page loads without an error on its console and without a request to the network,
light and dark, and is as wide as the screen at 375 pixels; its text stands out from its background; the search finds.
With --pictures it only takes pictures of pages, for people to look at.
"""
import html.parser
import pathlib
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import browser  # noqa: E402

# What people type, and the pages of which one has to be among the first five results.
WORDS = {
    "timeout": ["recipes/timeouts.html", "reference/options.html"],
    "retry": ["recipes/retries.html", "reference/options.html"],
    "proxy": ["recipes/proxies.html", "reference/options.html"],
    "upload a file": ["recipes/upload.html", "recipes/forms.html"],
    "certificate_expired": ["reference/errors/certificate.html"],
    "max_redirects": ["reference/options.html"],
    "websocket": ["recipes/websocket.html", "reference/api/streams.html"],
    "COHTTPS_HAS_NGHTTP2": ["reference/macros.html"],
    "on_received": ["reference/events.html"],
    "client certificate": ["recipes/client-certificates.html", "tls.html"],
    "when_all": ["reference/api/tasks.html", "recipes/concurrency.html"],
    "rate limit": ["recipes/rate-limits.html", "reference/options.html"],
}

LOOK = """(() => {
  const channels = text => { const m = text.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const shade = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const article = document.querySelector('article');
  const text = channels(getComputedStyle(article).color), page = channels(getComputedStyle(document.body).backgroundColor);
  const contrast = text => {
    const seen = text.slice(0, 3).map((c, i) => c * text[3] + page[i] * (1 - text[3]));
    const [light, dark] = [shade(seen), shade(page)].sort((a, b) => b - a);
    return (light + .05) / (dark + .05);
  };
  const links = [...article.querySelectorAll('p a, td a, li a')].map(a => contrast(channels(getComputedStyle(a).color)));
  const wide = document.documentElement.clientWidth;
  const outside = [...article.querySelectorAll('*')].filter(e => {
    if (e.getBoundingClientRect().right <= wide + 1 || !e.getClientRects().length) return false;
    for (let p = e; p && p !== article; p = p.parentElement)
      if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(p).overflowX)) return false;
    return true;
  });
  return {scheme: document.body.dataset.mdColorScheme, contrast: contrast(text), links: Math.min(21, ...links), dark: shade(page) < .2,
          title: article.querySelector('h1')?.textContent ?? '', text: article.textContent.trim().length,
          width: document.documentElement.scrollWidth, room: wide,
          outside: outside.slice(0, 3).map(e => e.tagName + ' ' + e.textContent.trim().slice(0, 40)),
          broken: [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)};
})()"""


class Page(html.parser.HTMLParser):
    """The links, the anchors and the resources of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.links, self.anchors, self.resources = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        named = dict(attributes)
        self.anchors |= {v for k, v in attributes if k == "id" or (k == "name" and tag == "a")}
        if tag == "a" and named.get("href"):
            self.links.append(named["href"])
        elif tag == "link" and "href" in named and named.get("rel") not in ("canonical", "prev", "next"):
            self.resources.append(named["href"])
        elif named.get("src"):
            self.resources.append(named["src"])


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def case(self, name: str, problems: list) -> None:
        for problem in problems[:20]:
            print(f"  {problem}")
        print(f"{'not ok' if problems else 'ok'} {name}", flush=True)
        self.failed += bool(problems)
        self.passed += not problems


def links(site: pathlib.Path, pages: dict) -> list:
    wrong = []
    for path, page in pages.items():
        for target in page.links + page.resources:
            parts = urllib.parse.urlsplit(target)
            if parts.scheme or parts.netloc:
                if target in page.resources and parts.scheme != "data":
                    wrong.append(f"{path}: takes {target} from the network")
                continue
            # 404.html names its resources from the root of the site.
            base = site if parts.path.startswith("/") else (site / path).parent
            there = base / urllib.parse.unquote(parts.path.lstrip("/")) if parts.path else site / path
            there = there.resolve()
            if there.is_dir():
                there /= "index.html"
            if not there.is_file():
                wrong.append(f"{path}: {target} is not there")
            elif parts.fragment and there.suffix == ".html":
                anchors = pages[there.relative_to(site).as_posix()].anchors
                if urllib.parse.unquote(parts.fragment) not in anchors and not parts.fragment.startswith("__"):
                    wrong.append(f"{path}: {target}: no such anchor")
    return wrong


def settled(script: str) -> str:
    """A script that runs once the page has its new look."""
    return f"new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))).then(() => {script})"


def look_at(chromium, where: str, names: list) -> tuple:
    """Problems of loading, of light and dark colours, and of width on a telephone."""
    loading, colours, widths = [], [], []
    for name in names:
        chromium.view(1280, 900, False)
        chromium.open(where + name)
        # Colours change at once, so that none is read on its way to another.
        chromium.evaluate("document.head.insertAdjacentHTML('beforeend', '<style>* { transition: none !important }</style>')")
        looks = {"default": chromium.evaluate(LOOK)}
        seen = looks["default"]
        if not seen["title"] or seen["text"] < 40:
            loading.append(f"{name}: has no title or no text")
        loading += [f"{name}: the picture {i} does not load" for i in seen["broken"]]
        chromium.view(375, 812, False)
        seen = chromium.evaluate(settled(LOOK))
        if seen["width"] > seen["room"]:
            widths.append(f"{name}: is {seen['width']} pixels wide on a screen of {seen['room']}")
        widths += [f"{name}: sticks out of a screen of 375 pixels: {e}" for e in seen["outside"]]
        chromium.evaluate("document.querySelector('label.md-header__button[title=Dark]').click()")
        looks["slate"] = chromium.evaluate(settled(LOOK))
        chromium.evaluate("localStorage.clear()")
        for scheme, seen in looks.items():
            if seen["scheme"] != scheme or seen["dark"] != (scheme == "slate"):
                colours.append(f"{name}: has the colours {seen['scheme']}, not {scheme}")
            if seen["contrast"] < 7:
                colours.append(f"{name}: the contrast of its text is {seen['contrast']:.1f} with {scheme}")
            if seen["links"] < 4.5:
                colours.append(f"{name}: the contrast of a link is {seen['links']:.1f} with {scheme}")
        loading += [f"{name}: {c}" for c in chromium.complaints]
    # Without a choice of the reader, the system's colours count.
    chromium.forget(where)
    chromium.view(1280, 900, True)
    chromium.open(where + "index.html")
    if chromium.evaluate(LOOK)["scheme"] != "slate":
        colours.append("index.html: is light on a system that is dark")
    return loading, colours, widths


def until(condition):
    """What the condition gives once it is something, for at most 30 seconds."""
    end = time.monotonic() + 30
    while not (given := condition()) and time.monotonic() < end:
        time.sleep(0.2)
    return given


def search(chromium, where: str, there: set) -> list:
    wrong = []
    chromium.forget(where)
    chromium.view(1280, 900, False)
    chromium.open(where + "index.html")
    chromium.evaluate("document.querySelector('.md-search__input').focus()")
    shown = "document.querySelector('.md-search-result__meta').textContent.trim()"
    if not until(lambda: not chromium.evaluate(shown).startswith("Initializing")):
        return ["the search does not start"]
    for words, wanted in WORDS.items():
        for text in ("", words):
            chromium.evaluate("(text => { const field = document.querySelector('.md-search__input'); "
                              "field.value = text; field.dispatchEvent(new Event('keyup')); })(%r)" % text)
            time.sleep(0.5)
        found = until(lambda: chromium.evaluate(
            "[...document.querySelectorAll('.md-search-result__list > li')].map(i => i.querySelector('a').href)")) or []
        first = [urllib.parse.urlsplit(f).path.lstrip("/") for f in found[:5]]
        if not set(first) & set(w for w in wanted if w in there):
            wrong.append(f"'{words}' gives {first or 'nothing'}, not {wanted}")
    return wrong


def main() -> int:
    site = pathlib.Path(sys.argv[1]).resolve()
    names = sorted(p.relative_to(site).as_posix() for p in site.rglob("*.html"))
    report = Report()
    if "--pictures" not in sys.argv:
        report.case("links", links(site, {name: Page((site / name).read_text()) for name in names}))
    if not browser.program():
        for name in ("loading", "colours", "narrow", "search"):
            print(f"skip {name} Chromium is not installed")
        return report.failed
    with browser.served(site) as where:
        chromium = browser.Browser()
        try:
            if "--pictures" in sys.argv:
                at = sys.argv.index("--pictures")
                to = pathlib.Path(sys.argv[at + 1])
                for name in sys.argv[at + 2:] or names:
                    for width, height in ((1280, 900), (375, 812)):
                        for dark in (False, True):
                            chromium.view(width, height, dark)
                            chromium.forget(where)
                            chromium.open(where + name)
                            kind = f"{width}-{'dark' if dark else 'light'}"
                            plain = name.split("#")[0].replace("/", "-").removesuffix(".html")
                            time.sleep(0.3)
                            chromium.picture(to / f"{plain}-{kind}.png")
                return 0
            pages = [n for n in names if n != "404.html"]
            for name, problems in zip(("loading", "colours", "narrow"), look_at(chromium, where, pages)):
                report.case(name, problems)
            report.case("search", search(chromium, where, set(names)))
        finally:
            chromium.close()
    print(f"{len(pages)} pages: {report.passed} passed, {report.failed} failed")
    return report.failed


if __name__ == "__main__":
    sys.exit(main())
