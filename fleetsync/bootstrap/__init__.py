"""From a fresh clone to a running platform, with the standard library alone.

`cli` reads the command line, `interpreter` makes `.venv`, `services` finds or
fetches PostgreSQL with PostGIS and Redis, `keeper` keeps them running,
`database` makes the databases, `processes` is the table of what the platform
consists of and `runner` runs it.
"""
