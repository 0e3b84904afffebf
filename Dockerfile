# One image for every Python process; docker-compose.yml says which one a container runs.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install -r requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=fleetsync.settings \
    FLEETSYNC_LOG_FORMAT=json FLEETSYNC_HEALTH_DIR=/run/fleetsync NUMBA_CACHE_DIR=/var/cache/fleetsync
RUN useradd --system --uid 10001 --create-home fleetsync \
    && install -d -o fleetsync /run/fleetsync /var/cache/fleetsync /app \
    && install -d -o fleetsync -m 700 /var/lib/fleetsync/files
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY --chown=fleetsync . .
USER fleetsync
# Compiled here, so that no container spends its first seconds on it; the static files are served by the API itself.
RUN python manage.py collectstatic --noinput --verbosity 0 && python -m dispatch.engine.warm
CMD ["python", "manage.py", "check"]
