"""Logs hold what happened, never the values of local variables."""

import logging.config

import pytest

from fleetsync.core.logs import logging_config


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_trace_tells_no_local_variables(style, capsys):
    logging.config.dictConfig(logging_config(style, "INFO") | {"loggers": {}})
    try:
        password = "hunter" + "2"
        try:
            raise RuntimeError("on purpose")
        except RuntimeError:
            logging.getLogger("test").exception("core.test.failed", extra={"order_id": "ord_1"})
        assert password
    finally:
        from django.conf import settings

        logging.config.dictConfig(settings.LOGGING)
    said = capsys.readouterr().err
    assert "core.test.failed" in said
    assert "ord_1" in said
    assert "on purpose" in said
    assert "hunter2" not in said
