"""The profile of a data set as one HTML page that needs nothing else and runs nothing."""

from __future__ import annotations

from typing import Any

from ingest.survey.plots import bars, curve


def survey_page(found: dict[str, Any]) -> str:
    """Return the page for what `survey` found; every text in it is escaped."""
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("ingest.survey", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": _count, "percent": _percent, "number": _number}
    label_chart = found["label_distribution"]
    return environment.get_template("profile.html.j2").render(
        data=found,
        activity=[(title, Markup(svg)) for title, svg in _activity(found)],
        over_time=_marked(_over_time(found["time_histogram"])),
        labels=_marked(label_chart and _distribution(label_chart, "label", "interactions")),
        attributes=[_attribute(one, found) for one in found["attributes"]],
    )


def _marked(svg: str | None) -> Any:
    from markupsafe import Markup

    return Markup(svg) if svg else None


def _activity(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return charts of how many have how much, and of the long tail."""
    charts = []
    for key, many in (("per_user", "users"), ("per_item", found["noun"]["many"])):
        one = found[key]
        labels = [_range(row["from"], row["to"]) for row in one["histogram"]]
        counts = [row["count"] for row in one["histogram"]]
        charts.append(
            (f"How many {many} have how many", bars(labels, counts, "interactions", many))
        )
        if one["by_rank"]:
            x = f"{many}, most interactions first"
            charts.append((f"The long tail of {many}", curve(one["by_rank"], x, "interactions")))
    return charts


def _over_time(histogram: list[dict[str, Any]] | None) -> str | None:
    if not histogram:
        return None
    counts = [row["count"] for row in histogram]
    return bars([row["from"] for row in histogram], counts, "from", "interactions")


def _distribution(one: dict[str, Any], x: str, y: str) -> str:
    if "histogram" in one:
        labels = [_number(row["from"]) for row in one["histogram"]]
        return bars(labels, [row["count"] for row in one["histogram"]], x, y)
    labels = [_number(row["value"]) for row in one["values"]]
    return bars(labels, [row["count"] for row in one["values"]], x, y)


def _attribute(one: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    many = "users" if one["side"] == "user" else found["noun"]["many"]
    if one["kind"] == "dense":
        return {**one, "svg": _marked(_distribution(one, one["name"], many))}
    most = max((row["count"] for row in one["values"]), default=1)
    rows = [{**row, "width": round(100 * row["count"] / most, 1)} for row in one["values"]]
    return {**one, "svg": None, "values": rows}


def _range(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _count(value: int) -> str:
    return f"{value:,}"


def _percent(value: float) -> str:
    return f"{value:.1%}".replace("%", " %")


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) >= 10_000 else f"{value:.4g}"
