"""The `whyrec` command. Nothing heavy is imported here: --help and errors are instant."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

from ingest.errors import WhyrecError

_COMMANDS = {
    "demo": "assistant.commands.build:demo",
    "build": "assistant.commands.build:build",
    "data": "assistant.commands.data:data",
    "ingest": "assistant.commands.ingest:ingest",
    "train": "assistant.commands.train:train",
    "index": "assistant.commands.index:index",
    "add": "assistant.commands.add:add",
    "forget": "assistant.commands.forget:forget",
    "ask": "assistant.commands.ask:ask",
    "chat": "assistant.commands.chat:chat",
    "why": "assistant.commands.why:why",
    "logs": "assistant.commands.why:logs",
    "score": "assistant.commands.score:score",
    "recommend": "assistant.commands.lists:recommend",
    "similar": "assistant.commands.lists:similar",
    "evaluate": "assistant.commands.evaluate:evaluate",
    "eval": "assistant.commands.eval:eval_group",
    "doctor": "assistant.commands.doctor:doctor",
}


class _Commands(click.Group):
    """A group that imports a command's module when it is asked for, and keeps their order."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="whyrec")
def whyrec() -> None:
    """Recommend, and say why, from computed numbers only."""


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
