"""The OpenAPI document, made once a run."""

from typing import Any

import pytest


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """Return the OpenAPI document of the whole product."""
    from fleetsync.core.postman import openapi

    return openapi()
