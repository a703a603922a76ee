"""Train one peer's DeepFM; `training.py` runs this in the peers' environment, see there.

    python peer_training.py PEER DATA.npz OUT.npz BATCH THREADS LR SEED

Each peer goes by its own loop, its own loader and its own Adam. DATA holds users' and items'
features, and for every epoch the labelled pairs to train on. OUT receives CPU and wall seconds per
epoch and, after each, the probabilities of the test pairs.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

K, HIDDEN = 64, (128, 64, 32)


class Clock:
    """CPU seconds of all threads, and wall seconds, of each epoch; the test scores after it."""

    def __init__(self) -> None:
        self.cpu: list[float] = []
        self.wall: list[float] = []
        self.scores: list[Any] = []

    def time(self, epoch: Callable[[], object], score: Callable[[], Any]) -> None:
        """Run and time one epoch; score after it, untimed."""
        cpu, wall = time.process_time(), time.perf_counter()
        epoch()
        self.cpu.append(time.process_time() - cpu)
        self.wall.append(time.perf_counter() - wall)
        self.scores.append(np.asarray(score(), np.float64))


def epochs(data: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Yield (users, items, labels) of every epoch."""
    for e in range(int(data["n_epochs"])):
        yield data[f"user{e}"], data[f"item{e}"], data[f"label{e}"]


def recbole(data: Any, batch: int, lr: float, seed: int, clock: Clock) -> None:
    """RecBole's trainer and loader; its DeepFM has no batch normalisation."""
    import torch

    _keep_old_names()
    from recbole.config import Config
    from recbole.data import create_dataset
    from recbole.data.dataloader import TrainDataLoader
    from recbole.data.interaction import Interaction
    from recbole.model.context_aware_recommender import DeepFM
    from recbole.trainer import Trainer
    from recbole.utils import init_seed

    with tempfile.TemporaryDirectory() as folder:
        _write_atomic(Path(folder), data)
        sys.argv = sys.argv[:1]
        config = Config(
            model="DeepFM",
            dataset="pairs",
            config_dict={
                "data_path": folder,
                "checkpoint_dir": folder,
                "load_col": {
                    "inter": ["user_id", "item_id", "label"],
                    "user": ["user_id", "gender", "occupation", "age"],
                    "item": ["item_id", "genres"],
                },
                "numerical_features": ["age"],
                "train_neg_sample_args": None,
                "embedding_size": K,
                "mlp_hidden_size": list(HIDDEN),
                "dropout_prob": 0.0,
                "learning_rate": lr,
                "train_batch_size": batch,
                "use_gpu": False,
                "seed": seed,
                "state": "ERROR",
                "show_progress": False,
                "worker": 0,
            },
        )
        init_seed(seed, True)
        dataset = create_dataset(config)
    dataset._change_feat_format()

    def interaction(users: Any, items: Any, labels: Any) -> Any:
        ids = {
            name: torch.from_numpy(
                dataset.token2id(name, (values + 1).astype(str)).astype(np.int64)
            )
            for name, values in (("user_id", users), ("item_id", items))
        }
        return Interaction({**ids, "label": torch.from_numpy(labels)})

    model = DeepFM(config, dataset)
    trainer = Trainer(config, model)
    test = dataset.join(interaction(data["test_user"], data["test_item"], data["test_label"]))

    def score() -> Any:
        model.eval()
        with torch.no_grad():
            return model.predict(test).numpy()

    for e, pairs in enumerate(epochs(data)):
        dataset.inter_feat = interaction(*pairs)
        loader = TrainDataLoader(config, dataset, None, shuffle=True)
        clock.time(lambda loader=loader, e=e: trainer._train_epoch(loader, e), score)


def _keep_old_names() -> None:
    """Give numpy back the names RecBole 1.2.1 still uses."""
    for name, kind in (("float_", np.float64), ("complex_", np.complex128), ("unicode_", np.str_)):
        if not hasattr(np, name):
            setattr(np, name, kind)


def _write_atomic(folder: Path, data: Any) -> None:
    (folder / "pairs").mkdir()

    def write(kind: str, header: str, rows: Any) -> None:
        text = "\n".join([header, *("\t".join(map(str, row)) for row in rows)])
        (folder / "pairs" / f"pairs.{kind}").write_text(text + "\n")

    pairs = next(epochs(data))
    write(
        "inter",
        "user_id:token\titem_id:token\tlabel:float",
        zip(pairs[0] + 1, pairs[1] + 1, pairs[2], strict=True),
    )
    people = zip(data["gender"], data["occupation"], data["age"], strict=True)
    write(
        "user",
        "user_id:token\tgender:token\toccupation:token\tage:float",
        ((u + 1, *row) for u, row in enumerate(people)),
    )
    write(
        "item",
        "item_id:token\tgenres:token_seq",
        ((i + 1, " ".join(f"g{g}" for g in row if g)) for i, row in enumerate(data["genres"])),
    )


def deepctr_torch(data: Any, batch: int, lr: float, seed: int, clock: Clock) -> None:
    """DeepCTR-Torch's fit, an epoch a call; the number has no embedding there."""
    import torch
    from deepctr_torch.inputs import DenseFeat, SparseFeat, VarLenSparseFeat
    from deepctr_torch.models import DeepFM

    n_genres = int(data["genres"].max()) + 1
    fields = [
        SparseFeat("user", len(data["age"]), K),
        SparseFeat("gender", int(data["gender"].max()) + 1, K),
        SparseFeat("occupation", int(data["occupation"].max()) + 1, K),
        SparseFeat("item", len(data["genres"]), K),
        VarLenSparseFeat(SparseFeat("genres", n_genres, K), data["genres"].shape[1], "mean"),
        DenseFeat("age", 1),
    ]

    def columns(users: Any, items: Any) -> dict[str, Any]:
        return {
            "user": users,
            "gender": data["gender"][users],
            "occupation": data["occupation"][users],
            "item": items,
            "genres": data["genres"][items],
            "age": data["age"][users],
        }

    model = DeepFM(
        fields,
        fields,
        dnn_hidden_units=HIDDEN,
        dnn_use_bn=True,
        l2_reg_linear=0,
        l2_reg_embedding=0,
        l2_reg_dnn=0,
        init_std=0.05,
        seed=seed,
    )
    model.compile(torch.optim.Adam(model.parameters(), lr=lr), "binary_crossentropy", metrics=[])
    for users, items, labels in epochs(data):
        x = columns(users, items)
        clock.time(
            lambda x=x, labels=labels: model.fit(x, labels, batch_size=batch, epochs=1, verbose=0),
            lambda: model.predict(columns(data["test_user"], data["test_item"]), 4096).ravel(),
        )


def librecommender(data: Any, batch: int, lr: float, seed: int, clock: Clock) -> None:
    """LibRecommender's trainer, an epoch a call."""
    n_threads = int(os.environ["OMP_NUM_THREADS"])
    model, prepared = librecommender_model(data, batch, lr, seed, n_threads)
    from libreco.training.dispatch import get_trainer

    model.build_model()
    model.model_built = True
    model.trainer = get_trainer(model)
    users, items = list(data["test_user"]), list(data["test_item"])
    for part in prepared:
        clock.time(
            lambda part=part: model.trainer.run(
                part, False, 0, True, None, None, 10, 8192, None, 0
            ),
            lambda: model.predict(users, items),
        )


def librecommender_model(data: Any, batch: int, lr: float, seed: int, n_threads: int) -> Any:
    """Return LibRecommender's DeepFM, not yet built, and its data for every epoch."""
    import pandas as pd
    import tensorflow as tf
    from libreco.algorithms import DeepFM
    from libreco.data import DatasetFeat, TransformedSet

    tf.compat.v1.disable_eager_execution()
    n_columns = data["genres"].shape[1]
    genres = [f"genre{g}" for g in range(n_columns)]

    def frame(users: Any, items: Any, labels: Any) -> Any:
        table = pd.DataFrame({"user": users, "item": items, "label": labels})
        for name in ("gender", "occupation", "age"):
            table[name] = data[name][users]
        words = np.where(data["genres"] > 0, data["genres"].astype(str), "missing")
        for g, name in enumerate(genres):
            table[name] = words[items, g]
        return table

    every = [np.concatenate(part) for part in zip(*epochs(data), strict=True)]
    whole, info = DatasetFeat.build_trainset(
        frame(*every),
        user_col=["gender", "age", "occupation"],
        item_col=genres,
        sparse_col=["gender", "occupation"],
        dense_col=["age"],
        multi_sparse_col=[genres],
        pad_val=["missing"],
    )
    model = DeepFM(
        "ranking",
        info,
        loss_type="cross_entropy",
        embed_size=K,
        n_epochs=1,
        lr=lr,
        batch_size=batch,
        use_bn=True,
        hidden_units=HIDDEN,
        seed=seed,
        tf_sess_config={
            "intra_op_parallelism_threads": n_threads,
            "inter_op_parallelism_threads": n_threads,
        },
    )
    n = len(every[0]) // int(data["n_epochs"])
    columns = ("user_indices", "item_indices", "labels", "sparse_indices", "dense_values")
    parts = [
        TransformedSet(*(getattr(whole, name)[start : start + n] for name in columns))
        for start in range(0, len(every[0]), n)
    ]
    return model, parts


def torchfm(data: Any, batch: int, lr: float, seed: int, clock: Clock) -> None:
    """pytorch-fm's network in the barest loop: it has none. Single categories only.

    Age is a category of its own and of the genres only the first is used: less work than the rest.
    """
    import torch
    from torchfm.model.dfm import DeepFactorizationMachineModel

    # torchfm 0.7.0 still says np.long
    if not hasattr(np, "long"):
        np.long = np.int64
    torch.manual_seed(seed)
    ages = np.unique(data["age"], return_inverse=True)[1]
    people = np.stack([np.arange(len(ages)), data["gender"], data["occupation"], ages], axis=1)
    things = np.stack([np.arange(len(data["genres"])), data["genres"][:, 0]], axis=1)
    dims = np.concatenate([people.max(axis=0), things.max(axis=0)]) + 1
    model = DeepFactorizationMachineModel(dims, K, HIDDEN, 0.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    criterion = torch.nn.BCELoss()

    def rows(users: Any, items: Any) -> torch.Tensor:
        return torch.from_numpy(np.concatenate([people[users], things[items]], axis=1))

    def epoch(x: torch.Tensor, y: torch.Tensor) -> None:
        for place in torch.randperm(len(y)).split(batch):
            loss = criterion(model(x[place]), y[place])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    def score() -> Any:
        model.eval()
        with torch.no_grad():
            return model(rows(data["test_user"], data["test_item"])).numpy()

    for users, items, labels in epochs(data):
        x, y = rows(users, items), torch.from_numpy(labels)
        model.train()
        clock.time(lambda x=x, y=y: epoch(x, y), score)


PEERS = {
    "recbole": recbole,
    "deepctr-torch": deepctr_torch,
    "LibRecommender": librecommender,
    "torchfm": torchfm,
}


def main() -> None:
    """Train one peer and write what came of it."""
    import torch

    peer, source, out, batch, threads, lr, seed = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(int(seed))
    clock = Clock()
    data = dict(np.load(source))
    PEERS[peer](data, int(batch), float(lr), int(seed), clock)
    np.savez(out, cpu=clock.cpu, wall=clock.wall, scores=np.stack(clock.scores))


if __name__ == "__main__":
    main()
