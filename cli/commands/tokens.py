"""`haven token`: who a developer wants to be."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

Tenant = Annotated[str, typer.Option(help="The provider organization.")]
Subject = Annotated[str, typer.Option(help="Who: a patient's or clinician's id, or any name.")]
Roles = Annotated[
    list[str], typer.Option("--role", help="What the caller may do; may be given several times.")
]


def token(
    tenant: Tenant,
    subject: Subject,
    role: Roles,
    hours: Annotated[float, typer.Option(help="How long it is valid.")] = 1.0,
) -> None:
    """Print a signed token for the local stack. Refused unless HAVEN_ENV is local."""
    typer.echo(issue(tenant, subject, role, timedelta(hours=hours)))


def issue(tenant: str, subject: str, roles: list[str], ttl: timedelta = timedelta(hours=1)) -> str:
    """A token from this machine's key; SettingsError outside the local environment."""
    from chassis.call import Role
    from chassis.errors import InvalidArgument
    from chassis.settings import SettingsError
    from cli.environment import current, local_issuer

    if current().get("HAVEN_ENV") != "local":
        raise SettingsError(["HAVEN_ENV: tokens are made only where it is local; is the stack up?"])
    allowed = {str(each) for each in Role if each is not Role.WORKLOAD}
    if unknown := sorted(set(roles) - allowed):
        raise InvalidArgument("ROLE_UNKNOWN", f"{', '.join(unknown)}: not in {sorted(allowed)}")
    return local_issuer().issue(tenant, subject, roles, ttl=ttl)
