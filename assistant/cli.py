"""The `whyrec` command. Nothing heavy is imported here: --help and errors are instant."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Sequence

import click

from ingest.errors import WhyrecError

_COMMANDS = {
    "demo": ("build:demo", "Fetch MovieLens-100K, build a home and ask it a first question."),
    "build": ("build:build", "Read your data, train on them and index them, in one go."),
    "data": ("data:data", "Data sets known by name, and what any data look like."),
    "ingest": ("ingest:ingest", "Read and check data, and put them into the home."),
    "train": ("train:train", "Train DeepFM on the home's data."),
    "index": ("index:index", "Index the home's users and items in Chroma."),
    "add": ("add:add", "Add interactions, which count in the next answer."),
    "forget": ("forget:forget", "Remove a user from everything the home holds."),
    "ask": ("ask:ask", "Answer a question."),
    "chat": ("chat:chat", "Answer questions that go on from each other."),
    "why": ("why:why", "Replay the evidence of a past answer."),
    "logs": ("why:logs", "List the last answers."),
    "score": ("score:score", "Score given items for a user."),
    "recommend": ("lists:recommend", "List the best unseen items of users."),
    "similar": ("lists:similar", "List the users most like a user."),
    "evaluate": ("evaluate:evaluate", "Measure the recommender against baselines."),
    "eval": ("eval:eval_group", "Ask a suite of questions and measure the answers."),
    "doctor": ("doctor:doctor", "Check what is installed, built and reachable."),
}
"""Where each command is, and what it does in a line: so much is said without importing it."""


class _Commands(click.Group):
    """A group that imports a command's module when it is asked for, and keeps their order."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        found = importlib.import_module(f"assistant.commands.{module}")
        command: click.Command = getattr(found, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(error.message + meant, ctx) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="whyrec")
def whyrec() -> None:
    """Recommend, and say why, from computed numbers only.

    \b
    whyrec build ratings.csv --items films.csv --noun film,films --liked-from 4
    whyrec ask "Suggest 2 films to user 78, and say why"
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 for the caller to mend, 1 for what failed."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; errors are one sentence on stderr."""
    try:
        result = whyrec.main(args=arguments, prog_name="whyrec", standalone_mode=False)
    except WhyrecError as error:
        click.echo(f"whyrec: {error}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("whyrec: stopped", err=True)
        return 130
    except BrokenPipeError:
        return 0
    return result if isinstance(result, int) else 0
