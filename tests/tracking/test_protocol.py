"""The pages about sockets say what the code does."""

import re
from pathlib import Path

from tracking import frames
from tracking.conf import POSITIONS, SOCKET
from tracking.errors import CloseCode
from tracking.protocol import markdown
from tracking.topics import TopicKind

DOCS = Path(__file__).resolve().parents[2] / "docs"


class TestEventsPage:
    def test_is_current(self):
        assert (DOCS / "events.md").read_text() == markdown(), "python3 manage.py event_docs > docs/events.md"


class TestProtocolPage:
    PAGE = (DOCS / "protocol.md").read_text()

    def test_names_every_frame_a_client_may_send_with_its_members(self):
        table = self.PAGE.partition("| client sends |")[2].partition("\n\n")[0]
        for frame in frames.AnyClientFrame.__args__:
            row = next(line for line in table.splitlines() if line.startswith(f"| `{frame.__struct_config__.tag}` |"))
            assert all(f"`{name}`" in row for name in frame.__struct_fields__), row

    def test_names_every_frame_that_the_server_makes_itself(self):
        source = (DOCS.parent / "tracking" / "consumers.py").read_text()
        made = set(re.findall(r'_tell\(\s*"(\w+)"', source)) | {"ready", "position", "positions"}
        table = self.PAGE.partition("| server sends |")[2].partition("\n\n")[0]
        assert {kind for kind in made if f"| `{kind}` |" not in table} == set()

    def test_names_every_close_code_and_limit(self):
        assert all(f"| {int(code)} |" in self.PAGE for code in CloseCode)
        assert f"more than {SOCKET.frames_a_s:g} frames a second" in self.PAGE
        assert f"bursts of {SOCKET.frames_a_s * SOCKET.burst_s:g}" in self.PAGE
        assert f"{SOCKET.queue_frames} events were waiting" in self.PAGE
        assert f"more than {SOCKET.replay_frames:,} events back" in self.PAGE
        assert f"up to {POSITIONS.points} points" in self.PAGE

    def test_names_every_topic(self):
        assert all(f"| `{kind}:" in self.PAGE for kind in TopicKind)
