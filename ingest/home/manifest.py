"""What home.json says: which folder each part is in, and how the data grew to what they are.

The lineage is the data set's states, oldest first: the first is that of the part `data`, every
further one an addition (`ingest.growth.additions`). A model or index made from any of them is
usable, and `behind` says how much it does not know; one made from other data is refused.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingest.errors import HomeError

FORMAT = 2
MEND = {
    "data": "whyrec ingest",
    "added": "whyrec ingest",
    "model": "whyrec train",
    "index": "whyrec index",
}
"""The kinds of parts, and what makes each."""


@dataclass(frozen=True)
class Part:
    """A published part of the home."""

    name: str
    folder: Path
    data_fingerprint: str
    """Fingerprint of the data set this part is, or was made from."""


@dataclass(frozen=True)
class State:
    """The data set at one moment: its fingerprint, and how much there was."""

    fingerprint: str
    interactions: int = 0
    users: int = 0
    items: int = 0
    corrected: int = 0
    """Interactions that additions replaced until then, in all."""
    at: float = 0.0
    """When it was added, in seconds since 1970; 0 where that was not noted."""


@dataclass(frozen=True)
class Behind:
    """What a model or index does not know of the data."""

    interactions: int
    users: int
    items: int
    corrected: int
    share: float
    """Share of the interactions that are new or corrected, in [0, 1]."""
    since: float = 0.0
    """When the first of this was added, in seconds since 1970; 0 where that was not noted."""

    def __bool__(self) -> bool:
        return any((self.interactions, self.users, self.items, self.corrected))

    def __str__(self) -> str:
        counts = [("interaction", self.interactions), ("user", self.users), ("item", self.items)]
        added = [f"{n:,} {noun}{'s' * (n != 1)}" for noun, n in counts if n]
        said = [f"{' and '.join(added)} added"] if added else []
        if self.corrected:
            plural = "s" * (self.corrected != 1)
            said.append(f"{self.corrected:,} interaction{plural} corrected")
        share = f"{self.share:.2%}" if self.share >= 0.0001 else "under 0.01%"
        when = time.strftime(" %Y-%m-%d %H:%M:%S", time.localtime(self.since)) if self.since else ""
        return f"{', '.join(said)} since{when}, {share} of the interactions"


@dataclass(frozen=True)
class Contents:
    """What the home at `path` holds at one moment; what is opened together is of one moment."""

    path: Path
    parts: Mapping[str, Part]
    lineage: tuple[State, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the data as they are, additions and all."""
        return self.lineage[-1].fingerprint

    def step_of(self, fingerprint: str) -> int | None:
        """Return how many additions the state of this fingerprint has; None: other data."""
        steps = [n for n, state in enumerate(self.lineage) if state.fingerprint == fingerprint]
        return steps[-1] if steps else None

    def behind(self, part: Part) -> Behind:
        """Return what `part`, made from a state of the data, does not know."""
        step = self.step_of(part.data_fingerprint) or 0
        then, now = self.lineage[step], self.lineage[-1]
        new = now.interactions - then.interactions
        corrected = now.corrected - then.corrected
        share = (new + corrected) / max(now.interactions, 1)
        return Behind(
            interactions=new,
            users=now.users - then.users,
            items=now.items - then.items,
            corrected=corrected,
            share=min(share, 1.0),
            since=min((state.at for state in self.lineage[step + 1 :]), default=0.0),
        )

    def require(self, name: str) -> Part:
        """Return part `name`, made from the current data or from what they grew from.

        Raises:
            HomeError: the part is missing, or was made from other data; the message says which
                command to run.
        """
        if "data" not in self.parts:
            raise HomeError(
                f"there is no data in {self.path}; run `whyrec demo`, or `whyrec build SOURCE` "
                "with your own table"
            )
        if name not in self.parts:
            raise HomeError(f"{self.path} has data but no {name} yet; run `{MEND[name]}`")
        part = self.parts[name]
        if self.step_of(part.data_fingerprint) is None:
            raise HomeError(
                f"the {name} in {self.path} was made from other data ({part.data_fingerprint}, "
                f"the data now are {self.fingerprint}); run `{MEND[name]}`"
            )
        if not part.folder.is_dir():
            raise HomeError(
                f"{part.folder} is gone, though {self.path / 'home.json'} names it; "
                f"run `{MEND[name]}`"
            )
        return part

    def to_json(self) -> dict[str, Any]:
        """Return home.json."""
        return {
            "format": FORMAT,
            "parts": {
                name: {"folder": part.folder.name, "data_fingerprint": part.data_fingerprint}
                for name, part in sorted(self.parts.items())
            },
            "lineage": [asdict(state) for state in self.lineage],
        }


def read_contents(path: Path, manifest: Any) -> Contents:
    """Read home.json of the home at `path`; format 1, which knew no additions, is taken as it is.

    Raises:
        HomeError: the manifest is damaged, or of a version that this one does not know.
    """
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if version not in (1, FORMAT):
        raise HomeError(
            f"{path} was built by another version of whyrec (its format is {version!r}, this "
            f"version reads 1 and {FORMAT}); move it away or choose another folder with --home, "
            "then run `whyrec build` again"
        )
    try:
        parts = {
            name: Part(name, path / _plain(entry["folder"]), entry["data_fingerprint"])
            for name, entry in manifest["parts"].items()
        }
        lineage = (
            _only(parts) if version == 1 else tuple(State(**state) for state in manifest["lineage"])
        )
        if "data" in parts and not lineage:
            raise ValueError("no state of the data")
        return Contents(path, parts, lineage)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise HomeError(
            f"{path / 'home.json'} is damaged; move {path} away and run `whyrec build` again"
        ) from error


def _plain(name: str) -> str:
    """Return a folder's name; raises ValueError where it leads out of the home."""
    if Path(name).name != name:
        raise ValueError(f"{name!r} is no folder of the home")
    return name


def _only(parts: Mapping[str, Part]) -> tuple[State, ...]:
    return (State(parts["data"].data_fingerprint),) if "data" in parts else ()
