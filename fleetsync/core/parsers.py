"""Reading request bodies: strict JSON of a bounded size and depth."""

import codecs
import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer


class PayloadTooLarge(APIException):
    """The body is longer than DATA_UPLOAD_MAX_MEMORY_SIZE."""

    status_code = 413
    default_detail = "The body is too large."
    default_code = "payload_too_large"


class StrictJSONParser(JSONParser):
    """JSON as RFC 8259 has it: no NaN, no numbers beyond a double.

    DRF reads a JSON body past Django's size limit; this parser holds it.
    """

    renderer_class = JSONRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Return the parsed body.

        Raises:
            PayloadTooLarge: more than the limit.
            ParseError: not JSON, or nested too deeply.
        """
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise PayloadTooLarge
        try:
            text = codecs.decode(body, encoding)
            return json.loads(text, parse_constant=_refuse, parse_float=_finite)
        except (ValueError, LookupError) as error:
            raise ParseError(f"The body is not valid JSON: {error}") from error
        except RecursionError as error:
            raise ParseError("The body is nested too deeply.") from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is out of range")
    return number
