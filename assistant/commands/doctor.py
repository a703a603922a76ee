"""`whyrec doctor`: what is installed, built, reachable and stale, and the fix."""

from __future__ import annotations

import click

from assistant.commands.options import emit, home_option, json_option


@click.command()
@click.option(
    "--llm", metavar="SPEC", help="Check this language model instead of the configured one."
)
@click.option(
    "--repair", "mending", is_flag=True, help="Read all of the home; make again what is damaged."
)
@click.option("--retrain", is_flag=True, help="With --repair: train a damaged model anew.")
@home_option
@json_option
def doctor(
    llm: str | None, mending: bool, retrain: bool, home_dir: str | None, as_json: bool
) -> int:
    """Check what is installed, built and reachable, and say what mends what is not.

    Exits with 1 when something failed. Connects to the configured endpoints, but sends nothing.
    --repair puts home.json back, makes a damaged index anew from the data, sets a damaged ledger
    aside under another name and removes what a killed command left. Data cannot be made again:
    where they come from is said.

    \b
    whyrec doctor
    whyrec doctor --repair
    """
    from assistant.doctor import examine
    from assistant.settings import Settings
    from ingest.errors import AskerError

    if retrain and not mending:
        raise AskerError("--retrain goes with --repair; to train anew run `whyrec train`")
    settings = Settings.read(home=home_dir, llm=llm)
    findings = examine(settings)
    if mending:
        from assistant.repair import repair

        findings = repair(settings, retrain)
    lines = [
        f"{finding.state:<8} {finding.check}: {finding.detail}"
        + (f"\n         mend: {finding.mend}" if finding.mend else "")
        for finding in findings
    ]
    emit([finding.to_json() for finding in findings], as_json, "\n".join(lines))
    return 1 if any(finding.state == "failed" for finding in findings) else 0
