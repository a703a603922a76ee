"""DeepFM (Guo et al., 2017): a factorisation machine and an MLP on the same embeddings.

    y = w₀ + Σ wᵢxᵢ + ΣΣ ⟨vᵢ, vⱼ⟩xᵢxⱼ + MLP(fields)

The FM pairs are pairs of fields, a multi-value field being the weighted sum of its embeddings, as
in the paper. The raw y is the rating in the rating task; in the ranking task σ(y) is a probability.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys.config import DeepFMConfig
from recsys.examples.features import Bags
from recsys.network.pairwise import pairwise_relu


class Side(NamedTuple):
    """What one side, n users or n items, brings to every pair it enters."""

    own: Tensor  # (n,)     its linear terms and the FM pairs among its own fields
    vector: Tensor  # (n, K)   sum of its field embeddings
    hidden: Tensor | None  # (n, H)   its half of the first layer's pre-activation


class DeepFM(nn.Module):
    """The network; users' fields come first, then items'."""

    def __init__(
        self,
        config: DeepFMConfig,
        n_codes: int,
        n_user_fields: int,
        n_item_fields: int,
        unknown: tuple[int, ...],
        generator: torch.Generator,
    ) -> None:
        """Draw the weights from `generator`; the `unknown` codes start at zero."""
        super().__init__()
        self.config = config
        self.n_user_fields, self.n_item_fields = n_user_fields, n_item_fields
        k = config.embed_size
        table = torch.zeros(n_codes, k + 1)  # column K is the linear weight
        table[:, :k].normal_(0.0, config.init_std, generator=generator)
        table[list(unknown)] = 0.0
        self.table = nn.Parameter(table)  # (n_codes, K + 1)
        self.bias = nn.Parameter(torch.zeros(()))  # w₀
        widths = ((n_user_fields + n_item_fields) * k, *config.hidden_units, 1)
        layers = [
            _linear(n_in, n_out, generator)
            for n_in, n_out in zip(widths[:-1], widths[1:], strict=True)
        ]
        self.deep = bool(config.hidden_units)
        self.layers = nn.ModuleList(layers if self.deep else [])  # the last one is the output
        self.norms = nn.ModuleList(nn.BatchNorm1d(n) for n in config.hidden_units if config.use_bn)
        self.generator = generator

    def fields(self, bags: Bags) -> Tensor:
        """Embed bags: (n_rows, n_fields, K + 1)."""
        device = self.table.device
        pooled = functional.embedding_bag(
            torch.from_numpy(bags.codes).to(device),
            self.table,
            torch.from_numpy(bags.offsets).to(device),
            mode="sum",
            per_sample_weights=torch.from_numpy(bags.values).to(device),
            include_last_offset=True,
        )
        return pooled.view(bags.n_rows, bags.n_fields, -1)

    def forward(self, users: Tensor, items: Tensor) -> Tensor:
        """Return y of B pairs, (B,), by the equation as it stands.

        Args:
            users: the users' fields, (B, n_user_fields, K + 1).
            items: the items' fields, (B, n_item_fields, K + 1).
        """
        fields = torch.cat([users, items], dim=1)  # (B, F, K + 1)
        embedded = fields[..., :-1]  # (B, F, K)
        y = self.bias + fields[..., -1].sum(1) + pair_sum(embedded)
        return y + self.head(self.layers[0](embedded.flatten(1))) if self.deep else y

    def side(self, fields: Tensor, which: Literal["user", "item"]) -> Side:
        """Sum up one side's fields, (n, n_fields, K + 1)."""
        embedded = fields[..., :-1]
        own = fields[..., -1].sum(1) + pair_sum(embedded)
        if not self.deep:
            return Side(own, embedded.sum(1), None)
        weight = self.first.weight
        split = self.n_user_fields * self.config.embed_size
        half = weight[:, :split] if which == "user" else weight[:, split:]
        return Side(own, embedded.sum(1), embedded.flatten(1) @ half.T)

    def block(self, users: Side, items: Side) -> Tensor:
        """Return y of every user with every item, (n_users, n_items), as `forward` would.

        ⟨Σu, Σi⟩ is the FM pairs across the sides, and W₁[u; i] = W₁ᵤu + W₁ᵢi the first layer.
        """
        y = users.vector @ items.vector.T
        y += users.own[:, None]
        y += items.own + self.bias
        if users.hidden is None or items.hidden is None:
            return y
        items_hidden = items.hidden + self.first.bias
        if len(self.layers) == 2 and not self.norms and not self.config.dropout_rate:
            output = cast(nn.Linear, self.layers[1])
            y += pairwise_relu(users.hidden, items_hidden, output.weight[0])
            y += output.bias
            return y
        hidden = users.hidden[:, None] + items_hidden[None]  # (n_users, n_items, H)
        return y + self.head(hidden.flatten(0, 1)).view_as(y)

    @property
    def first(self) -> nn.Linear:
        """The MLP's first layer, (H, F · K)."""
        return cast(nn.Linear, self.layers[0])

    def head(self, hidden: Tensor) -> Tensor:
        """Finish the MLP from the first layer's pre-activation, (B, H) → (B,)."""
        for depth, layer in enumerate(self.layers[1:]):
            if self.norms:
                hidden = self.norms[depth](hidden)
            hidden = layer(self._drop(torch.relu(hidden), self.config.dropout_rate))
        return hidden.squeeze(1)

    def _drop(self, values: Tensor, rate: float) -> Tensor:
        """Dropout from the model's own generator, so that no global seed matters."""
        if not (self.training and rate):
            return values
        keep = torch.empty_like(values).bernoulli_(1 - rate, generator=self.generator)
        return values * keep / (1 - rate)


def pair_sum(embedded: Tensor) -> Tensor:
    """Return ΣΣ ⟨vᵢ, vⱼ⟩ over all pairs i < j of fields, (B, F, K) → (B,).

    By ½ Σₖ [(Σᵢ vᵢₖ)² − Σᵢ vᵢₖ²] (Rendle, 2010, lemma 3.1), linear in F.
    """
    return 0.5 * (embedded.sum(1).square() - embedded.square().sum(1)).sum(1)


def _linear(n_in: int, n_out: int, generator: torch.Generator) -> nn.Linear:
    """Return a linear layer with torch's own starting weights, drawn from `generator`."""
    layer = nn.Linear(n_in, n_out, device="meta").to_empty(device="cpu")
    bound = 1 / math.sqrt(n_in)
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound, generator=generator)
        layer.bias.uniform_(-bound, bound, generator=generator)
    return layer
