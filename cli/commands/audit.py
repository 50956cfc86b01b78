"""`haven audit`: is the trail as it was sealed?"""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The audit trail.")


@app.callback()
def audit() -> None:
    """Keeps `verify` a word of its own while it is the only one."""


@app.command()
def verify(
    tenant: Annotated[str, typer.Option(help="One tenant; all by default.")] = "",
    service: Annotated[str, typer.Option(help="One service; all by default.")] = "",
) -> None:
    """Recompute every chain and name each record that was changed, added or lost, or not sealed."""
    from cli.environment import SERVICES, current
    from cli.provision import tenants

    environ, total = current(), 0
    for one_service in [service] if service else SERVICES:
        for one_tenant in [tenant] if tenant else sorted(tenants(environ).ids):
            total += _verified(one_service, one_tenant)
    if total:
        raise typer.Exit(1)


def _verified(service: str, tenant: str) -> int:
    """Number of findings; each is printed, and so is the head where there are none."""
    from chassis.audit import head_of
    from chassis.audit import verify as findings_of
    from cli.environment import current
    from cli.provision import store_of

    with store_of(service, current()) as store:
        findings = findings_of(store, tenant)
        head = head_of(store, tenant)
    for finding in findings:
        typer.echo(f"{service} {tenant}: {finding.kind} {finding.record_id}: {finding.detail}")
    if not findings:
        typer.echo(f"{service} {tenant}: intact, {head.sequence} entries, head {head.hash}")
    return len(findings)
