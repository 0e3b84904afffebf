"""`@kernel`: compiled by numba, and kept for exactly this source of the engine.

numba compiles a kernel anew when its own file changes, not when one that it calls from
another file does: kept code would go on with the old one. So what is kept lies in a folder
named after the whole engine (`engine_version`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import numba

from dispatch.engine.version import engine_version

HERE: Final = Path(__file__).parent
config: Any = numba.config  # it declares none of its settings

if config.CACHE_DIR:
    config.CACHE_DIR = str(Path(config.CACHE_DIR) / engine_version())
elif os.access(HERE, os.W_OK):
    config.CACHE_DIR = str(HERE / "__pycache__" / engine_version())

kernel = numba.njit(cache=True, nogil=True)
