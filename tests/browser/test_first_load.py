"""What a first visit costs, and what its policy allows."""

import pytest

MOST_BYTES = 300_000
INLINE = """() => {
  const script = document.createElement("script");
  script.textContent = "window.ran = true";
  document.body.append(script);
  return Boolean(window.ran);
}"""


class TestFirstLoad:
    @pytest.mark.parametrize(
        ("path", "as_"),
        [
            ("/", ""), ("/login", ""), ("/ops", "dispatcher"), ("/driver", "driver"), ("/restaurant", "restaurant"),
            ("/track/", ""),
        ],
    )  # fmt: skip
    def test_is_small_and_runs_nothing_inline(self, visit, customer, watch, path, as_):
        watch.expected = ("Content Security Policy",)  # the script put in below
        path = f"/track/{customer.order().tracking}" if path == "/track/" else path
        page = visit("about:blank", as_=as_)
        loaded = {}
        line = page.context.new_cdp_session(page)
        line.on("Network.loadingFinished", lambda event: loaded.__setitem__(event["requestId"], event))
        line.send("Network.enable")
        answer = page.goto(path, wait_until="load")
        page.wait_for_function("() => !document.querySelector('#map') || document.querySelector('.leaflet-container')")
        page.wait_for_load_state("networkidle")
        transferred = sum(event["encodedDataLength"] for event in loaded.values())
        assert 0 < transferred <= MOST_BYTES
        directives = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert directives["script-src"] == directives["style-src"] == directives["default-src"] == "'self'"
        assert (directives["object-src"], directives["frame-ancestors"]) == ("'none'", "'none'")
        assert page.evaluate(INLINE) is False
