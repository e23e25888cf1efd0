"""`python -m sample_videos`: the renderers of the sample lot."""

import click

from sample_videos.day import day
from sample_videos.render import main


@click.group(
    context_settings={
        "auto_envvar_prefix": "PARKLEDGER",
        "help_option_names": ["-h", "--help"],
    }
)
def group() -> None:
    """Render the sample lot."""


group.add_command(main, "clips")
group.add_command(day)

if __name__ == "__main__":
    group(prog_name="python -m sample_videos")
