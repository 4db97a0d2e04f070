"""Studies in databases: which driver, and what to do when there is no database to be had."""

from __future__ import annotations

import importlib.util
import time

import optuna

PAUSES = (0.2, 0.5, 1.0)  # seconds between tries to open a database
# Packages that speak to a kind of database; the first comes with the extra of that name.
DRIVERS = {"postgresql": ("psycopg", "psycopg2"), "mysql": ("pymysql", "MySQLdb", "mysql.connector")}
DIALECTS = {"MySQLdb": "mysqldb", "mysql.connector": "mysqlconnector"}  # where SQLAlchemy's name is another
EXAMPLES = "sqlite:///trials.db, postgresql://user:password@host/database or mysql://user:password@host/database"


def open_database(url: str) -> optuna.storages.BaseStorage:
    """Optuna's storage in the database at a URL.

    Raises ``ValueError`` for what is no such URL, ``ImportError`` without a driver, and ``ConnectionError``
    where no database answers, each with what to do.
    """
    from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

    named = with_driver(url)
    try:
        for pause in PAUSES:
            try:
                return optuna.storages.get_storage(named)
            except DBAPIError:
                # Of two processes that make the tables of a new database at once, one fails; then they are there.
                time.sleep(pause)
        return optuna.storages.get_storage(named)
    except DBAPIError as error:
        raise ConnectionError(
            f"Expected a database at {_without_password(url)}, got: {str(error.orig).strip().splitlines()[0]}. "
            "Is its server running, does the database exist, and may this user write to it?"
        ) from error
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise ValueError(
            f"Expected the URL of a database, such as {EXAMPLES}; got {_without_password(url)!r} ({error})."
        ) from error


def with_driver(url: str) -> str:
    """The URL with the driver that is installed: SQLAlchemy's default changes from release to release."""
    kind, _, rest = url.partition("://")
    if kind not in DRIVERS:
        return url
    installed = next((each for each in DRIVERS[kind] if _is_there(each)), None)
    if installed is None:
        raise ImportError(
            f"Expected a driver for {kind} databases, {' or '.join(DRIVERS[kind])}, got none. "
            f"Run: pip install 'structopt-widgets[{kind}]'"
        )
    return f"{kind}+{DIALECTS.get(installed, installed)}://{rest}"


def _is_there(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # the package that it would be in
        return False


def _without_password(url: str) -> str:
    kind, _, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    return f"{kind}://{login.partition(':')[0]}{at}{place}"
