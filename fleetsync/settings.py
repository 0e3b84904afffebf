"""Settings, read from the environment, in the order of a request.

A comment above an `env` call says what the setting means; `.env.example` is made from them.
"""

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from django.templatetags.static import static

from fleetsync.admin_site import COLORS, NAVIGATION
from fleetsync.environment import Environment, refuse_unsafe, wheel, wheel_library

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

# --- What this is ------------------------------------------------------------

# development, demo, test, replay or production; production refuses to start with insecure defaults.
FLEETSYNC_ENV = env.str("FLEETSYNC_ENV", default="development")
# Django's debug pages; never on in production.
DEBUG = env.bool("DEBUG", default=False)
# Signs cookies and links; required in production, at least 50 random characters.
SECRET_KEY = env.str("FLEETSYNC_SECRET_KEY", default="insecure-development-key-" + "0" * 40)
# Keys that sign JWTs, `kid:secret` separated by commas, the first one signs; empty: one derived from the secret key.
FLEETSYNC_JWT_KEYS = env.list("FLEETSYNC_JWT_KEYS", default=[])
# Short name of this installation; prefixes Redis keys and cookie names.
FLEETSYNC_INSTANCE = env.str("FLEETSYNC_INSTANCE", default=hashlib.sha256(str(BASE_DIR).encode()).hexdigest()[:8])
# Address people use for pages and REST, port included.
FLEETSYNC_PUBLIC_URL = env.str("FLEETSYNC_PUBLIC_URL", default="http://127.0.0.1:8000")
# Address of the sockets, port included.
FLEETSYNC_LIVE_URL = env.str("FLEETSYNC_LIVE_URL", default="ws://127.0.0.1:8000")
# Map tiles instead of our own streets: an address with {z}, {x} and {y}, images or .mvt/.pbf; empty: none.
FLEETSYNC_TILES_URL = env.str("FLEETSYNC_TILES_URL", default="")
# The same from a local .pmtiles file, served from our own origin; it goes before the address.
FLEETSYNC_TILES_FILE = env.str("FLEETSYNC_TILES_FILE", default="")
# What the makers of the tiles want to read on the map.
FLEETSYNC_TILES_ATTRIBUTION = env.str("FLEETSYNC_TILES_ATTRIBUTION", default="© OpenStreetMap contributors")
# Further host names to answer to, separated by commas; pages of https://NAME may then call the API and open sockets.
FLEETSYNC_HOSTS = env.list("FLEETSYNC_HOSTS", default=[])
# Folder where each process opens a socket for /livez, /readyz and /metrics; empty: none.
FLEETSYNC_HEALTH_DIR = env.str("FLEETSYNC_HEALTH_DIR", default="")
# Threads of the API, to size pools by; their number itself is `--blocking-threads` of the server's command.
FLEETSYNC_API_THREADS = env.int("FLEETSYNC_API_THREADS", default=4)

_public = urlsplit(FLEETSYNC_PUBLIC_URL)
_live = urlsplit(FLEETSYNC_LIVE_URL)
_live_origin = f"{_live.scheme}://{_live.netloc}"
ALLOWED_HOSTS = sorted(
    {
        _public.hostname or "localhost",
        _live.hostname or "localhost",
        "localhost",
        "127.0.0.1",
        "[::1]",
        *FLEETSYNC_HOSTS,
    }
)
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
FLEETSYNC_ORIGINS = [f"{_public.scheme}://{_public.netloc}", *(f"https://{host}" for host in FLEETSYNC_HOSTS)]

# --- Applications ------------------------------------------------------------

INSTALLED_APPS = [
    "fleetsync.core",
    "accounts",
    "restaurants",
    "orders",
    "dispatch",
    "tracking",
    "simulation",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.gis",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "channels",
    "corsheaders",
    "django_filters",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "phonenumber_field",
    "rest_framework",
    "simple_history",
]

# --- The way in --------------------------------------------------------------

# Reverse proxies in front: from so many X-Forwarded-For is believed, and X-Forwarded-Proto; 0: none, the peer counts.
FLEETSYNC_PROXIES = env.int("FLEETSYNC_PROXIES", default=0)
# The nearest proxy must set this header itself, as deploy/nginx.conf does: a client could send it, too.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if FLEETSYNC_PROXIES > 0 else None
MIDDLEWARE = [
    "fleetsync.core.middleware.RequestTimes",
    "django.middleware.gzip.GZipMiddleware",  # static files too: a first load stays small on a phone
    "corsheaders.middleware.CorsMiddleware",
    "fleetsync.core.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "fleetsync.urls"
WSGI_APPLICATION = "fleetsync.wsgi.application"
ASGI_APPLICATION = "fleetsync.asgi.application"
CORS_ALLOWED_ORIGINS = FLEETSYNC_ORIGINS
CORS_URLS_REGEX = r"^/api/.*$"
CORS_EXPOSE_HEADERS = [
    "Location",
    "ETag",
    "Retry-After",
    "Idempotent-Replayed",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
]
SESSION_COOKIE_NAME = f"fleetsync_{FLEETSYNC_INSTANCE}_session"
CSRF_COOKIE_NAME = f"fleetsync_{FLEETSYNC_INSTANCE}_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _public.scheme == "https" else 0
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
APPEND_SLASH = False

# --- Who is it ---------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "accounts.backends.RoleBackend",  # rights in the back office come with the role
]
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=1)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"  # what the pages call it; axes would look for `email` and find nobody
AXES_USERNAME_CALLABLE = "accounts.guard.name_tried"
AXES_CLIENT_IP_CALLABLE = "accounts.guard.address_of"
SILENCED_SYSTEM_CHECKS = [
    "axes.W003",
    "auth.W004",
    "models.W045",
]  # e-mail is unique by a constraint on its lower case; points are checked by their fields and the database
# Life of an access token in seconds, machine time.
FLEETSYNC_ACCESS_LIFE_S = env.int("FLEETSYNC_ACCESS_LIFE_S", default=600)
# Life of a refresh token in seconds, machine time.
FLEETSYNC_REFRESH_LIFE_S = env.int("FLEETSYNC_REFRESH_LIFE_S", default=14 * 86_400)
# How long a link to set a new password lives, seconds.
PASSWORD_RESET_TIMEOUT = env.int("PASSWORD_RESET_TIMEOUT", default=3600)
# Where mail goes: a Django e-mail backend; the default prints it, which production refuses.
EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="django.core.mail.backends.console.EmailBackend")
# Mail server of the SMTP backend.
EMAIL_HOST = env.str("EMAIL_HOST", default="localhost")
# Its port; 587 with EMAIL_USE_TLS, as a rule.
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
# Login at the mail server; empty: none.
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
# Password of that login.
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
# Begin an encrypted connection with STARTTLS.
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
# Sender of our mail.
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="FleetSync <no-reply@fleetsync.example>")
PHONENUMBER_DEFAULT_REGION = "US"

# --- REST --------------------------------------------------------------------

# The API's rate limits: True turns them on. Load tests and the simulated city go without.
FLEETSYNC_THROTTLE = env.bool("FLEETSYNC_THROTTLE", default=FLEETSYNC_ENV == "production")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["fleetsync.core.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "fleetsync.core.pagination.Cursor",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["fleetsync.core.throttles.Throttle"],
    "NUM_PROXIES": FLEETSYNC_PROXIES,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "fleetsync.core.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "STRICT_JSON": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "FleetSync",
    "DESCRIPTION": "Hyper-local, on-demand delivery: order, dispatch, track.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "OrderStatusEnum": "orders.states.OrderStatus",
        "DeliveryStatusEnum": "dispatch.states.DeliveryStatus",
        "OfferStatusEnum": "dispatch.states.OfferStatus",
        "SessionStatusEnum": "dispatch.states.SessionStatus",
        "RoleEnum": "accounts.states.Role",
        "VehicleEnum": "accounts.states.Vehicle",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "fleetsync.core.schema.declare_problems",
    ],
}

# --- PostgreSQL --------------------------------------------------------------

# The truth: PostgreSQL with PostGIS, e.g. postgis://user:password@host:5432/fleetsync
_database = env.db_url("DATABASE_URL", default="postgis:///fleetsync", engine="django.contrib.gis.db.backends.postgis")
# Connections a process may open; keep the sum over processes below max_connections.
FLEETSYNC_POOL_MAX = env.int("FLEETSYNC_POOL_MAX", default=FLEETSYNC_API_THREADS + 2)
# Processes of this installation that open such a pool: api, live, worker, relay, flusher, beat.
FLEETSYNC_PROCESSES = env.int("FLEETSYNC_PROCESSES", default=6)
_options = dict(_database.get("OPTIONS") or {})
_options.setdefault("pool", {"min_size": 1, "max_size": FLEETSYNC_POOL_MAX, "timeout": 2, "max_idle": 600})
_options.setdefault(
    "options", "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000 -c statement_timeout=20000"
)
DATABASES = {"default": _database | {"CONN_MAX_AGE": 0, "OPTIONS": _options}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Path of libgdal; empty: the one in the pyogrio wheel.
GDAL_LIBRARY_PATH = env.str("GDAL_LIBRARY_PATH", default="") or wheel_library("pyogrio", "libgdal-*.so*")
# Path of libgeos_c; empty: the one in the shapely wheel.
GEOS_LIBRARY_PATH = env.str("GEOS_LIBRARY_PATH", default="") or wheel_library("shapely", "libgeos_c-*.so*")
os.environ["PROJ_DATA"] = str(wheel("pyogrio") / "proj_data")

# --- Redis -------------------------------------------------------------------

# Broker, hub, caches and fresh positions; may vanish at any moment.
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# How live frames reach the sockets: `hub` (ours) or `channels` (channels_redis, stock parts).
FLEETSYNC_FANOUT = env.str("FLEETSYNC_FANOUT", default="hub")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": f"{FLEETSYNC_INSTANCE}:layer"},
    }
}

# --- Celery ------------------------------------------------------------------

CELERY_BROKER_URL = (
    REDIS_URL
    if not REDIS_URL.startswith("unix://")
    else REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "global_keyprefix": f"{FLEETSYNC_INSTANCE}:celery:",
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "retry_on_timeout": True,
}
CELERY_TASK_DEFAULT_QUEUE = "dispatch"
CELERY_TIMEZONE = "UTC"  # what beat wakes, and when, stands in fleetsync/celery.py
# Business days after which finished streams of the event log are forgotten.
FLEETSYNC_EVENT_DAYS = env.float("FLEETSYNC_EVENT_DAYS", default=90)
# Business days for which recorded rounds can be decided again; some kilobytes each.
FLEETSYNC_ROUND_DAYS = env.float("FLEETSYNC_ROUND_DAYS", default=7)

# --- Dispatch, tracking, orders ----------------------------------------------

# Where travel times come from: straight, roads:FILE, osrm:URL or valhalla:URL.
FLEETSYNC_TRAVEL = env.str("FLEETSYNC_TRAVEL", default="straight")
# Most places in one question to a router (`--max-table-size` of OSRM); bigger ones are put in parts.
FLEETSYNC_TRAVEL_TABLE_PLACES = env.int("FLEETSYNC_TRAVEL_TABLE_PLACES", default=100)
# Straight-line travel: how much longer a road is than the line.
FLEETSYNC_TRAVEL_FACTOR = env.float("FLEETSYNC_TRAVEL_FACTOR", default=1.3)
# Straight-line travel: metres a second on the road.
FLEETSYNC_TRAVEL_SPEED_MPS = env.float("FLEETSYNC_TRAVEL_SPEED_MPS", default=6.0)
# Straight-line travel: round every drive up to this many seconds; 0: exact.
FLEETSYNC_TRAVEL_ROUND_UP_S = env.float("FLEETSYNC_TRAVEL_ROUND_UP_S", default=0.0)
# Shortest life of an offer in real seconds, where business time runs faster.
FLEETSYNC_OFFER_FLOOR_S = env.float("FLEETSYNC_OFFER_FLOOR_S", default=10.0)
# Show the customer the driver's position from the assignment on, not only from the pickup.
FLEETSYNC_SHOW_DRIVER_EARLY = env.bool("FLEETSYNC_SHOW_DRIVER_EARLY", default=False)

# --- Pages -------------------------------------------------------------------

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "fleetsync.core.pages.addresses",
            ]
        },
    }
]
LANGUAGE_CODE = "en-us"
FORMAT_MODULE_PATH = "fleetsync.formats"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".local" / "static"
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
WHITENOISE_USE_FINDERS = True
# Folder of private files (documents of drivers): outside static files, back it up with the database.
FLEETSYNC_FILES_DIR = env.str("FLEETSYNC_FILES_DIR", default=str(BASE_DIR / ".local" / "files"))
UNFOLD = {
    "SITE_TITLE": "FleetSync",
    "SITE_HEADER": "FleetSync",
    "SITE_SYMBOL": "local_shipping",
    "SHOW_HISTORY": True,
    "DASHBOARD_CALLBACK": "tracking.admin.dashboard.on_index",
    "STYLES": [lambda _request: static("fleetsync/tokens.css"), lambda _request: static("fleetsync/css/office.css")],
    "SCRIPTS": [
        lambda _request: static("fleetsync/js/office_theme.js"),
        lambda _request: static("fleetsync/js/office_names.js"),
    ],
    "SITE_FAVICONS": [{"rel": "icon", "href": lambda _request: static("fleetsync/favicon.svg")}],
    "COLORS": COLORS,
    "BORDER_RADIUS": "8px",
    "SIDEBAR": {"show_search": True, "show_all_applications": True, "navigation": NAVIGATION},
}
SIMPLE_HISTORY_HISTORY_ID_USE_UUID = False

# --- Logs --------------------------------------------------------------------

# `console` for people, `json` for machines: one object a line with `level` and `event`.
FLEETSYNC_LOG_FORMAT = env.str("FLEETSYNC_LOG_FORMAT", default="console")
# Least level that is logged.
FLEETSYNC_LOG_LEVEL = env.str("FLEETSYNC_LOG_LEVEL", default="INFO")
from fleetsync.core.logs import logging_config  # noqa: E402

LOGGING = logging_config(FLEETSYNC_LOG_FORMAT, FLEETSYNC_LOG_LEVEL)

refuse_unsafe(kind=FLEETSYNC_ENV, debug=DEBUG, secret_key=SECRET_KEY, email_backend=EMAIL_BACKEND)
