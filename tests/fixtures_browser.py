"""A headless Chromium, spoken to over its own protocol: what a page asks for, logs, looks like."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --hide-scrollbars "
    "--remote-debugging-port=0"
).split()
QUIET_SECONDS = 0.5
"""A page that was loaded and asks for nothing so long is taken to be done."""


@dataclass
class Seen:
    """What a page did while it was shown."""

    requests: list[str] = field(default_factory=list)
    """URLs asked for, the page itself and data: URLs left out."""
    errors: list[str] = field(default_factory=list)
    """Exceptions, and what the console has at the level of an error."""
    width: int = 0
    """Pixels that the content takes; more than the window's is a page that scrolls sideways."""
    background: str = ""
    picture: bytes = field(default=b"", repr=False)
    """PNG of the window."""


class Browser:
    """One running Chromium."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last = 0
        self._events: list[dict[str, Any]] = []

    def show(self, page: Path, width: int = 1200, dark: bool = False) -> Seen:
        """Open a file in a new tab and return what it did."""
        url = page.absolute().as_uri()
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable", session)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", session, features=[scheme])
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", session, **size)
        self._events.clear()
        self._call("Page.navigate", session, url=url)
        self._wait_until_quiet()
        seen = self._seen(url)
        seen.width = self._value(session, "document.documentElement.scrollWidth")
        seen.background = self._value(session, "getComputedStyle(document.body).backgroundColor")
        shot = self._call("Page.captureScreenshot", session, format="png")
        seen.picture = base64.b64decode(shot["data"])
        self._call("Target.closeTarget", targetId=target)
        return seen

    def _value(self, session: str, expression: str) -> Any:
        return self._call("Runtime.evaluate", session, expression=expression)["result"]["value"]

    def _call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        while True:
            answer = json.loads(self._socket.recv(timeout=30))
            if answer.get("id") == self._last:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self._events.append(answer)

    def _wait_until_quiet(self) -> None:
        loaded = any(event.get("method") == "Page.loadEventFired" for event in self._events)
        while True:
            try:
                event = json.loads(self._socket.recv(timeout=QUIET_SECONDS if loaded else 30))
            except TimeoutError:
                assert loaded, "the page did not load within 30 seconds"
                return
            self._events.append(event)
            loaded = loaded or event.get("method") == "Page.loadEventFired"

    def _seen(self, url: str) -> Seen:
        seen = Seen()
        for event in self._events:
            given = event.get("params", {})
            match event.get("method"):
                case "Network.requestWillBeSent":
                    asked = given["request"]["url"]
                    if asked != url and not asked.startswith("data:"):
                        seen.requests.append(asked)
                case "Runtime.exceptionThrown":
                    seen.errors.append(given["exceptionDetails"]["text"])
                case "Runtime.consoleAPICalled" if given["type"] == "error":
                    seen.errors.append(str(given["args"]))
                case "Log.entryAdded" if given["entry"]["level"] == "error":
                    seen.errors.append(given["entry"]["text"])
        return seen


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium for a whole session; tests that need it are skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    profile = tmp_path_factory.mktemp("chromium")
    process = subprocess.Popen(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port, path = _endpoint(profile / "DevToolsActivePort")
        with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _endpoint(file: Path) -> tuple[str, str]:
    """Return port and path of the browser's socket, once it has written them down."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        if file.is_file() and len(lines := file.read_text().split()) == 2:
            return lines[0], lines[1]
        time.sleep(0.05)
    raise AssertionError("Chromium did not start within a minute")
