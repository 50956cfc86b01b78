"""What a developer is told once everything runs."""

from __future__ import annotations

from rich.console import Console

from cli.environment import FILE, ROOT, LocalEnvironment, processes_of
from cli.stack import Stack

HOW = """
[bold]A token[/bold] (tenants: riverbend, lakeside; roles: patient partner coordinator clinician
supervisor privacy_officer administrator)
  haven token --tenant riverbend --role clinician --subject clinician-1

[bold]A call[/bold] with this command, which knows no contract and learns it by server reflection
  haven call crisis                                  [dim]lists its methods[/dim]
  haven call crisis/ListCases '{{}}' --tenant riverbend --role clinician --subject clinician-1

[bold]The same with grpcurl[/bold]   [dim](and in a page of Python: cli/reflection.py)[/dim]
  grpcurl -plaintext -H "authorization: Bearer $(haven token --tenant riverbend \\
    --role clinician --subject clinician-1)" -d '{{}}' \\
    {crisis} haven.crisis.v1.CrisisService/ListCases

[bold]A group at work[/bold] in three more terminals
  haven room try                                     [dim]says what to type there[/dim]

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
    console.print("\n[bold]Haven is up[/bold] on loopback; ports of /metrics /livez /readyz beside")
    for service, address in made.addresses.items():
        operators = (f"{each} {_port(made, service, each)}" for each in processes_of(service))
        console.print(f"  {service:11} gRPC {address}   [dim]{'  '.join(operators)}[/dim]")
    browsers = made.variables["HAVEN_SESSIONS_HTTP_ADDRESS"]
    console.print(f"  {'':11} sessions for browsers: ws://{browsers}/v1/attend")
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


def _port(made: LocalEnvironment, service: str, process: str) -> str:
    return made.metrics[f"{service}-{process}"].rpartition(":")[2]
