"""Make an environment for the peers that the other benchmarks here compare with.

    python -m benchmarks.peers [FOLDER]          default: benchmarks/.peers

They want older numpy and pandas than whyrec, so they live apart; torch is the same version. A peer
that does not install, or holds no DeepFM, is named and left out, and the rest goes on. 2.6 GB on
disk with a CPU build of torch, and some minutes.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

DEFAULT = Path(__file__).parent / ".peers"
PINS = ["numpy<2", "pandas<2.3", "setuptools<81"]
BASE = ["torch==2.13.0", "scipy", "scikit-learn", "tqdm"]
PEERS = {
    # RecBole pins a ray that no longer installs; DeepFM does not use it.
    "recbole": (
        ["--no-deps", "recbole==1.2.1"],
        [
            "colorlog==4.7.2",
            "colorama==0.4.4",
            "pyyaml",
            "tensorboard",
            "thop",
            "tabulate",
            "plotly",
            "texttable",
            "psutil",
        ],
        "from recbole.model.context_aware_recommender import DeepFM",
    ),
    # deepctr-torch imports requests and does not say so.
    "deepctr-torch": (
        ["deepctr-torch==0.3.0"],
        ["requests"],
        "from deepctr_torch.models import DeepFM",
    ),
    "LibRecommender": (
        ["LibRecommender==1.5.2"],
        ["tensorflow-cpu==2.15.1"],
        "from libreco.algorithms import DeepFM",
    ),
    "torchfm": (
        ["--no-deps", "torchfm==0.7.0"],
        [],
        "from torchfm.model.dfm import DeepFactorizationMachineModel",
    ),
    # FuxiCTR keeps its DeepFM in a model zoo outside the wheel.
    "fuxictr": (
        ["--no-deps", "fuxictr==2.3.10"],
        [],
        "from fuxictr.pytorch.models import DeepFM",
    ),
}
"""Each peer: how pip gets it, what it needs besides, and the import that shows it is there."""


def python_of(folder: Path) -> Path:
    """Return the interpreter of the peers' environment."""
    return folder / "bin" / "python"


def present(folder: Path) -> list[str]:
    """Return the peers that can be imported in `folder`."""
    python = python_of(folder)
    return [
        name
        for name, (_, _, proof) in PEERS.items()
        if python.exists() and not _fails(python, proof)
    ]


def _fails(python: Path, code: str) -> str:
    """Return the last line of what goes wrong with `code`; nothing where it runs."""
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def _install(python: Path, packages: list[str]) -> str:
    """Install `packages` and return what pip had against it."""
    command = [python, "-m", "pip", "install", "--quiet", *packages, *PINS]
    if "--no-deps" in packages:
        command = command[: -len(PINS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    return next(
        (line for line in reversed(done.stderr.splitlines()) if line.startswith("ERROR")),
        "pip failed",
    )


def main() -> None:
    """Install what installs and say what did not."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    python = python_of(folder)
    if not python.exists():
        venv.create(folder, with_pip=True)
    wrong = _install(python, BASE)
    if wrong:
        sys.exit(f"the peers' environment cannot be made: {wrong}")
    for name, (packages, needs, proof) in PEERS.items():
        wrong = (needs and _install(python, needs)) or _install(python, packages)
        fault = wrong or _fails(python, proof)
        print(f"{name}: {f'left out: {fault}' if fault else 'ready'}", flush=True)


if __name__ == "__main__":
    main()
