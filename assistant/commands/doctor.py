"""`whyrec doctor`: what is installed, built, reachable and stale, and the fix."""

from __future__ import annotations

import click

from assistant.commands.options import emit, home_option, json_option


@click.command()
@click.option(
    "--llm", metavar="SPEC", help="Check this language model instead of the configured one."
)
@home_option
@json_option
def doctor(llm: str | None, home_dir: str | None, as_json: bool) -> int:
    """Check what is installed, built and reachable, and say what mends what is not.

    Exits with 1 when something failed. Connects to the configured endpoints, but sends nothing.
    """
    from assistant.doctor import examine
    from assistant.settings import Settings

    findings = examine(Settings.read(home=home_dir, llm=llm))
    lines = [
        f"{finding.state:<8} {finding.check}: {finding.detail}"
        + (f"\n         mend: {finding.mend}" if finding.mend else "")
        for finding in findings
    ]
    emit([finding.to_json() for finding in findings], as_json, "\n".join(lines))
    return 1 if any(finding.state == "failed" for finding in findings) else 0
