"""The one door to Chroma: embedded in a folder or a server, and its faults as one sentence each."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

import numpy as np

from ingest.dataset.schema import FloatArray
from ingest.errors import AskerError, HomeError, OperationError, WhyrecError

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

SERVER_VARIABLE = "WHYREC_CHROMA"
DATABASE_FILE = "chroma.sqlite3"
_SYNC_EVERY = 500
"""Records after which Chroma writes its graph; batches are larger (see `Chroma.batches`)."""
_FEWEST_SYNCED, _AT_A_TIME = 2, 100  # Chroma's own least threshold, and its usual batch in memory
_TIMEOUT = 60.0  # seconds; Chroma's own client waits for ever
_SQLITE_HEADER = b"SQLite format 3\0"
_open_folders = threading.RLock()
"""Held while a folder is opened or closed: Chroma's table of open ones is not safe for threads."""


def chroma_server(environment: Mapping[str, str] | None = None) -> str | None:
    """Return the address of the Chroma server that WHYREC_CHROMA names; None: embedded.

    Raises:
        AskerError: the address is not of the form http://host:port.
    """
    address = (os.environ if environment is None else environment).get(SERVER_VARIABLE, "").strip()
    if not address:
        return None
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username or parts.path.strip("/") or parts.query or parts.fragment:
        raise AskerError(f"{SERVER_VARIABLE} must look like http://localhost:8000, not {address!r}")
    return address.rstrip("/")


@dataclass(frozen=True, eq=False)
class Chroma:
    """An open connection; reading from several threads is safe."""

    client: Client
    folder: Path
    server: str | None
    new: bool = False

    @property
    def place(self) -> str:
        """Where the collections are, for messages."""
        return self.server or str(self.folder)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn whatever Chroma raises in the block into a HomeError or an OperationError."""
        with _faults_told(self.folder, self.server, self.new):
            yield

    def create(self, name: str, space: Literal["l2", "cosine"], n: int) -> Collection:
        """Return the collection `name` for `n` records, made if it is not there yet.

        The more records, the more of them a search looks at: `benchmarks/index.md` has what that
        costs and finds.

        Chroma writes its search graph to disk every `sync_threshold` records, and whoever searches
        makes anew, and writes, what is not there yet, with whatever lies in that process's memory
        in the room to spare. So the threshold is that of the smallest batch there can be, and
        nobody who only reads writes a graph.
        """
        threshold = max(_FEWEST_SYNCED, min(_SYNC_EVERY, n))
        hnsw: Any = {
            "space": space,
            "max_neighbors": 32,
            "ef_construction": 100,
            "ef_search": max(400, n // 20),
            "sync_threshold": threshold,
            "batch_size": min(_AT_A_TIME, threshold),
        }
        with self.guarded():
            return self.client.get_or_create_collection(
                name, embedding_function=None, configuration={"hnsw": hnsw}
            )

    def get(self, name: str) -> Collection:
        """Return an existing collection.

        Raises:
            HomeError: there is none of this name.
        """
        from chromadb.errors import NotFoundError

        with self.guarded():
            try:
                return self.client.get_collection(name, embedding_function=None)
            except NotFoundError as error:
                raise HomeError(
                    f"{self.place} lacks the collection {name}; run `whyrec index` again"
                ) from error

    def batches(self, n: int) -> list[slice]:
        """Cut 0 … n into the fewest even slices that Chroma accepts, of at most 2,000 rows."""
        with self.guarded():
            most = min(self.client.get_max_batch_size(), 2000)
        edges = np.linspace(0, n, -(-n // most) + 1).astype(int)
        return [slice(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True)]

    def add(
        self,
        collection: Collection,
        ids: Sequence[str],
        vectors: FloatArray,
        texts: Sequence[str],
        metadata: Sequence[Mapping[str, str | int]],
    ) -> None:
        """Add one batch; ids that are already there stay as they are."""
        batch: dict[str, Any] = {
            "ids": list(ids),
            "embeddings": vectors,
            "documents": list(texts),
            "metadatas": [dict(entry) for entry in metadata],
        }
        with self.guarded():
            collection.add(**batch)
            if len(ids) < _FEWEST_SYNCED:
                collection.upsert(**batch)  # the same once more: now the graph is written

    def close(self) -> None:
        """Release files and sockets; closing twice is harmless."""
        sessions = _sessions(self.client)
        with _open_folders:
            self.client.close()
        for session in sessions:  # Chroma leaves them open
            session.close()


def connect(folder: Path, server: str | None, *, new: bool = False) -> Chroma:
    """Open the Chroma database in `folder`, or that of `server`.

    Args:
        folder: of the embedded database; with a server only named in messages.
        server: http://host:port, or None for the embedded database.
        new: whether the embedded database is to be made rather than to be there.

    Raises:
        HomeError: the embedded database is missing or damaged.
        OperationError: the server cannot be reached, or is no Chroma server.
    """
    with _faults_told(folder, server, new), _open_folders:
        from chromadb import HttpClient, PersistentClient
        from chromadb.config import Settings

        if server is None:
            if not new:
                _check_database(folder / DATABASE_FILE)
            settings = Settings(
                anonymized_telemetry=False, chroma_api_impl="chromadb.api.rust.RustBindingsAPI"
            )
            embedded = cast("Client", PersistentClient(str(folder), settings=settings))
            return Chroma(embedded, folder, None, new)
        _check_server(server)
        parts = urlsplit(server)
        secure = parts.scheme == "https"
        client = cast(
            "Client",
            HttpClient(
                host=parts.hostname or "",
                port=parts.port or (443 if secure else 80),
                ssl=secure,
                settings=Settings(anonymized_telemetry=False),
            ),
        )
        for session in _sessions(client):
            session.timeout = _TIMEOUT
        return Chroma(client, folder, server, new)


def _check_database(path: Path) -> None:
    """Refuse what Chroma would either create anew or fail on with an unrelated message."""
    try:
        with path.open("rb") as file:
            header = file.read(len(_SQLITE_HEADER))
    except FileNotFoundError as error:
        raise HomeError(f"{path} is missing; run `whyrec index` again") from error
    if header != _SQLITE_HEADER:
        raise HomeError(f"{path} is damaged (it is no SQLite database); run `whyrec index` again")


def _check_server(server: str) -> None:
    """Ask for a sign of life, with a timeout that Chroma's own client does not have."""
    import httpx

    try:
        response = httpx.get(f"{server}/api/v2/heartbeat", timeout=10.0)
        alive = response.status_code == 200 and "nanosecond heartbeat" in response.text
    except httpx.HTTPError as error:
        raise OperationError(
            f"the Chroma server at {server} cannot be reached ({error}); start it with "
            f"`chroma run`, or unset {SERVER_VARIABLE} to use the database in the home folder"
        ) from error
    if not alive:
        raise OperationError(
            f"{server} is not a Chroma server (status {response.status_code}); set "
            f"{SERVER_VARIABLE} to one started with `chroma run`, or unset it"
        )


def _sessions(client: Client) -> list[Any]:
    """Return the HTTP sessions of a client: its own and its administrator's; none when embedded."""
    servers = [getattr(owner, "_server", None) for owner in (client, client._admin_client)]
    found = [session for server in servers if (session := getattr(server, "_session", None))]
    return list({id(session): session for session in found}.values())


@contextmanager
def _faults_told(folder: Path, server: str | None, new: bool) -> Iterator[None]:
    try:
        yield
    except WhyrecError:
        raise
    except (
        Exception
    ) as error:  # Chroma raises its own errors, ValueErrors and AttributeErrors alike
        reason = f"{type(error).__name__}: {_first_line(error)}"
        if server is not None:
            raise OperationError(
                f"the Chroma server at {server} failed ({reason}); see its log, or unset "
                f"{SERVER_VARIABLE} and run `whyrec index`"
            ) from error
        if "readonly database" in reason:
            raise HomeError(
                f"{folder} may only be read, and Chroma opens its database only where it may "
                "write; make the home writable for you, or copy it and name the copy with --home"
            ) from error
        if new:
            raise OperationError(
                f"the index could not be written into {folder} ({reason}); is the disk full?"
            ) from error
        raise HomeError(
            f"the index in {folder} is damaged ({reason}); run `whyrec index` again"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]
