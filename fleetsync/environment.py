"""How settings read the environment: from variables, from files that variables name, from `.env`."""

import environ
from environ.fileaware_mapping import FileAwareMapping


class Given(FileAwareMapping):  # type: ignore[misc]
    """What was given: NAME, or the text of the file in NAME_FILE. Nothing but an empty value counts as not given."""

    def __getitem__(self, key: str) -> str:
        value = str(super().__getitem__(key)).rstrip("\r\n")  # files end with a line's end, secrets do not
        if not value:
            raise KeyError(key)
        return value


class Environment(environ.Env):  # type: ignore[misc]
    """Typed values; an empty one leaves the default, so a line of `.env.example` may be uncommented as it stands."""

    ENVIRON = Given()
