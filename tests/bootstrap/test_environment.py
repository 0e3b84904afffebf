"""What every process is told, first of all its key."""

import errno
import threading

import pytest

from fleetsync.bootstrap import environment


class TestSecretKey:
    def test_is_made_once_for_ourselves_alone(self, layout):
        first = environment.secret_key(layout)
        assert len(first) >= 50
        assert environment.secret_key(layout) == first
        assert (layout.local / "secret-key").stat().st_mode & 0o777 == 0o600

    def test_is_one_for_all_who_ask_first(self, layout):
        (layout.local / "secret-key").touch()
        keys: list[str] = []
        asking = [threading.Thread(target=lambda: keys.append(environment.secret_key(layout))) for _ in range(8)]
        for each in asking:
            each.start()
        for each in asking:
            each.join()
        assert len(keys) == 8
        assert len(set(keys)) == 1

    def test_an_empty_file_is_no_key(self, layout):
        (layout.local / "secret-key").touch()
        assert environment.known_key(layout) == ""
        assert len(environment.secret_key(layout)) >= 50

    def test_a_full_disk_leaves_no_file_that_looks_like_one(self, layout, monkeypatch):
        def full(_bytes):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(environment.secrets, "token_urlsafe", full)
        with pytest.raises(OSError, match="No space"):
            environment.secret_key(layout)
        assert not (layout.local / "secret-key").exists()
