"""What a developer is told once everything runs."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from cli.environment import FILE, ROOT
from cli.stack import Stack

HOW = """
[bold]A token[/bold] (tenants: riverbend, lakeside; roles: patient partner coordinator clinician
supervisor privacy_officer administrator)
  haven token --tenant riverbend --role clinician --subject clinician-1

[bold]A call[/bold] with this command, which knows no contract and learns it by server reflection
  haven call crisis                                  [dim]lists its methods[/dim]
  haven call crisis/ListCases '{{}}' --tenant riverbend --role clinician --subject clinician-1

[bold]The same with grpcurl[/bold]
  grpcurl -plaintext -H "authorization: Bearer $(haven token --tenant riverbend \\
    --role clinician --subject clinician-1)" -d '{{}}' \\
    {crisis} haven.crisis.v1.CrisisService/ListCases

[bold]Files[/bold]
  {environment}   [dim]every setting; set -a; . that file; set +a[/dim]
  {logs}   [dim]a log per process[/dim]
  {traces}   [dim]a span per line[/dim]
{mails}
`haven` is .venv/bin/haven. Ctrl-C, or `haven stack down`, ends everything.
"""


def show(stack: Stack) -> None:
    """Addresses, and how to use them."""
    console = Console(highlight=False, soft_wrap=True)
    made = stack.environment
    table = Table(title="Haven is up", title_justify="left")
    for column in ("service", "gRPC", "api", "worker", "relay"):
        table.add_column(column)
    for service, address in made.addresses.items():
        operators = (made.metrics[f"{service}-{each}"] for each in ("api", "worker", "relay"))
        table.add_row(service, address, *(f"http://{each}/metrics" for each in operators))
    console.print(table)
    relative = stack.folder.relative_to(ROOT) if stack.folder.is_relative_to(ROOT) else stack.folder
    mails = f"  {relative / 'smtp' / 'mails.jsonl'}   [dim]every mail that was sent[/dim]\n"
    console.print(
        HOW.format(
            crisis=made.addresses["crisis"],
            environment=relative / FILE,
            logs=relative / "logs",
            traces=relative / made.traces.name,
            mails=mails if stack.smtp else "",
        )
    )
