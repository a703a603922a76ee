"""`whyrec index`: vectors and profiles of the users, and the items by meaning, into Chroma."""

from __future__ import annotations

from typing import Any

import click

from assistant.commands.options import emit, home_option, json_option


@click.command()
@home_option
@json_option
def index(home_dir: str | None, as_json: bool) -> None:
    """Index the users and items of the home's data in Chroma.

    WHYREC_CHROMA=http://host:port puts the collections on a Chroma server, and WHYREC_EMBEDDINGS
    names another sentence-embedding model, a folder or a hub id.

    \b
    whyrec index
    """
    from assistant.building import index_part
    from ingest.home.workspace import Home, home_path
    from ingest.index.chroma import chroma_server

    server = chroma_server()
    home = Home(home_path(home_dir))
    home.require("data")
    with home.writing() as edition:
        dataset = home.dataset()
        report = index_part(edition, dataset, server)
    emit(report, as_json, describe(report))


def describe(report: dict[str, Any]) -> str:
    """Return the report of `index_part` in words."""
    recall, items = report["recall"], report["noun"]
    place = f"in {report['place']}"
    lines = [f"Indexed {report['users']:,} users and {report['items']:,} {items} {place}."]
    if n := report["users_without_items"]:
        lines.append(
            f"{n:,} of the users {'has' if n == 1 else 'have'} no {items}: there is a profile, but "
            "there are no neighbours."
        )
    if not report["items_by_meaning"]:
        lines.append(f"The {items} have no titles or attributes: no search by meaning.")
    lines.append(
        f"The {recall['neighbours']} nearest users by exact Jaccard are all among the first "
        f"{recall['candidates']} candidates for {recall['complete']:.1%} of {recall['users']:,} "
        f"sampled users (mean recall {recall['mean']:.2%})."
    )
    return "\n".join(lines)
